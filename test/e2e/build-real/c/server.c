#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int count, char **words) {
  if (count > 1 && strcmp(words[1], "--version") == 0) {
    puts("server 1.0");
    return 0;
  }
  int one = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(8080)};
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(listener, (struct sockaddr *)&here, sizeof here) != 0 || listen(listener, 8) != 0) return 1;
  for (;;) {
    char request[4096], answer[256];
    int client = accept(listener, NULL, NULL);
    if (client < 0 || read(client, request, sizeof request) < 0) continue;
    char *body = "HTTP/1.0 200 OK\r\n\r\nhello from scratch as %d\n";
    int length = snprintf(answer, sizeof answer, body, (int)getuid());
    if (write(client, answer, length) < 0) return 1;
    close(client);
  }
}
