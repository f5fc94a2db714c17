// The whole path once more on another kernel, with systemd, no IPv6 and a network that leads nowhere.
import { openMachine } from './support/machine.ts';

const machine = openMachine();

test('the rootfs is a native overlay, and a published port answers on loopback and on the address of the host', async () => {
  const { stdout, code } = await machine.run(`
skiff info --format '{{.Driver}}'
skiff run --rm $BUSYBOX grep -o '^overlay / overlay' /proc/mounts
skiff run -d --name web -p 8080:80 $BUSYBOX httpd -f -p 80 -h /www >/dev/null
curl -s --retry 20 --retry-connrefused --retry-delay 1 http://127.0.0.1:8080/
curl -s http://10.0.2.15:8080/
skiff port web | head -1
skiff rm -f web
curl -s http://127.0.0.1:8080/ || echo refused
`);
  expect({ stdout, code }).toEqual({
    stdout: 'overlay\noverlay / overlay\nhello from the container\nhello from the container\n80/tcp -> 0.0.0.0:8080\nweb\nrefused\n',
    code: 0,
  });
});
