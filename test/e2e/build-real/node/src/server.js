const { createServer } = require('node:http');
const greeting = require('greeting');

const server = createServer((request, response) => {
  response.end(`${greeting(request.url.slice(1))} from @VERSION@ as ${process.getuid() === 0 ? 'root' : 'somebody'}\n`);
});
server.listen(3000);
process.on('SIGTERM', () => process.exit(0));
