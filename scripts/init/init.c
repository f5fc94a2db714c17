// The first process of a container that was started with --init: runs the command as its child, hands every signal on to it, reaps
// whoever is left without a parent, and ends with the command's exit code (128+n when signal n killed it); the kernel then ends the rest.
//   /dev/init [--] COMMAND [ARG...]
// Freestanding: no C library and no headers, because it must run in any image, an empty one too. Numbers are those of the Linux system
// call tables and of asm-generic/signal.h, the same on both machines unless said otherwise.
// scripts/generate-init-elf.sh compiles it; the result is checked in, so that building skiff needs no compiler.

typedef long word;
typedef unsigned long mask;

#if defined(__x86_64__)
enum { RT_SIGPROCMASK = 14, IOCTL = 16, CLONE = 56, EXECVE = 59, EXIT = 60, WAIT4 = 61, KILL = 62, SETPGID = 109, GETPID = 39, RT_SIGTIMEDWAIT = 128, WRITE = 1 };

__asm__(".globl _start\n_start:\n xor %ebp,%ebp\n mov %rsp,%rdi\n and $-16,%rsp\n call begin\n");

static word call(word number, word a, word b, word c, word d, word e) {
  word result;
  register word r10 __asm__("r10") = d;
  register word r8 __asm__("r8") = e;
  __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8) : "rcx", "r11", "memory");
  return result;
}
#elif defined(__aarch64__)
enum { RT_SIGPROCMASK = 135, IOCTL = 29, CLONE = 220, EXECVE = 221, EXIT = 93, WAIT4 = 260, KILL = 129, SETPGID = 154, GETPID = 172, RT_SIGTIMEDWAIT = 137, WRITE = 64 };

__asm__(".globl _start\n_start:\n mov x29,#0\n mov x30,#0\n mov x0,sp\n bl begin\n");

static word call(word number, word a, word b, word c, word d, word e) {
  register word x8 __asm__("x8") = number;
  register word x0 __asm__("x0") = a;
  register word x1 __asm__("x1") = b;
  register word x2 __asm__("x2") = c;
  register word x3 __asm__("x3") = d;
  register word x4 __asm__("x4") = e;
  __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
  return x0;
}
#endif

enum { ENOENT = 2, EACCES = 13, ENOTDIR = 20 };
enum { SIGILL = 4, SIGTRAP = 5, SIGABRT = 6, SIGBUS = 7, SIGFPE = 8, SIGSEGV = 11, SIGCHLD = 17, SIGTTIN = 21, SIGTTOU = 22, SIGSYS = 31 };
enum { SIG_SETMASK = 2, WNOHANG = 1, TIOCSPGRP = 0x5410, PATH_BYTES = 4096 };

#define BIT(signal) (1UL << ((signal) - 1))
// What a fault of our own raises must act; terminal stops are for the command's own process group.
static const mask HANDED_ON = ~(BIT(SIGILL) | BIT(SIGTRAP) | BIT(SIGABRT) | BIT(SIGBUS) | BIT(SIGFPE) | BIT(SIGSEGV) | BIT(SIGSYS) | BIT(SIGTTIN) | BIT(SIGTTOU));

static void leave(int code) {
  for (;;) call(EXIT, code, 0, 0, 0, 0);
}

static word length(const char *text) {
  word count = 0;
  while (text[count]) count++;
  return count;
}

static void say(const char *text) { call(WRITE, 2, (word)text, length(text), 0, 0); }

static int has_slash(const char *text) {
  for (; *text; text++)
    if (*text == '/') return 1;
  return 0;
}

// The value of PATH among `environment`, or Docker's default.
static const char *search_path(char **environment) {
  for (; *environment; environment++) {
    const char *entry = *environment;
    if (entry[0] == 'P' && entry[1] == 'A' && entry[2] == 'T' && entry[3] == 'H' && entry[4] == '=') return entry + 5;
  }
  return "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
}

// As execvp: returns only on failure, with the errno to report.
static word execute(char **argv, char **environment) {
  char path[PATH_BYTES];
  word failure = ENOENT;
  const char *name = argv[0];
  if (has_slash(name)) return -call(EXECVE, (word)name, (word)argv, (word)environment, 0, 0);
  for (const char *folder = search_path(environment);; folder++) {
    word used = 0;
    for (; *folder && *folder != ':'; folder++)
      if (used < PATH_BYTES - 2) path[used++] = *folder;
    if (used == 0) path[used++] = '.';
    path[used++] = '/';
    if (used + length(name) < PATH_BYTES) {
      for (word i = 0; i <= length(name); i++) path[used + i] = name[i];
      word error = -call(EXECVE, (word)path, (word)argv, (word)environment, 0, 0);
      if (error != ENOENT && error != ENOTDIR) {
        if (error != EACCES) return error;
        failure = EACCES;
      }
    }
    if (!*folder) return failure;
  }
}

static void run_command(char **argv, char **environment, mask *before) {
  // A group of its own, in front of the terminal if there is one: then ^C and job control work as without us.
  int group = (int)call(GETPID, 0, 0, 0, 0, 0);
  call(SETPGID, 0, 0, 0, 0, 0);
  call(IOCTL, 0, TIOCSPGRP, (word)&group, 0, 0);
  call(RT_SIGPROCMASK, SIG_SETMASK, (word)before, 0, sizeof(mask), 0);
  word error = execute(argv, environment);
  say("init: cannot run ");
  say(argv[0]);
  say(error == ENOENT ? ": not found\n" : ": not executable\n");
  leave(error == ENOENT ? 127 : 126);
}

// Reaps everyone who is dead. Leaves once the command is.
static void reap(word command) {
  int status, code = -1;
  for (;;) {
    word pid = call(WAIT4, -1, (word)&status, WNOHANG, 0, 0);
    if (pid <= 0) break;
    if (pid == command) code = status & 0x7f ? 128 + (status & 0x7f) : (status >> 8) & 0xff;
  }
  if (code >= 0) leave(code);
}

__attribute__((used)) void begin(word *stack) {
  word count = stack[0];
  char **argv = (char **)(stack + 1);
  char **environment = argv + count + 1;
  char **command = argv + 1;
  if (*command && command[0][0] == '-' && command[0][1] == '-' && !command[0][2]) command++;
  if (!count || !*command) {
    say("usage: init [--] COMMAND [ARG...]\n");
    leave(127);
  }
  mask handed_on = HANDED_ON, before = 0;
  call(RT_SIGPROCMASK, SIG_SETMASK, (word)&handed_on, (word)&before, sizeof(mask), 0);
  word pid = call(CLONE, SIGCHLD, 0, 0, 0, 0);
  if (pid == 0) run_command(command, environment, &before);
  if (pid < 0) {
    say("init: cannot fork\n");
    leave(126);
  }
  for (;;) {
    word signal = call(RT_SIGTIMEDWAIT, (word)&handed_on, 0, 0, sizeof(mask), 0);
    if (signal == SIGCHLD || signal < 0) reap(pid);
    else call(KILL, pid, signal, 0, 0, 0);
  }
}
