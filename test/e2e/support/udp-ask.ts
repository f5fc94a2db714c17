// udp-ask.ts ADDRESS PORT - sends datagrams there until one comes back, and prints it. Who waits for it has a deadline.
const [, , address = '', port = ''] = process.argv;
const socket = await Bun.udpSocket({
  ...(address.includes(':') ? { hostname: '::' } : {}),
  socket: {
    data: (_, bytes) => {
      process.stdout.write(bytes.toString());
      process.exit(0);
    },
    error: () => undefined,
  },
});
for (;;) {
  socket.send('who', Number(port), address);
  await Bun.sleep(200);
}

export {};
