// Whether this kernel labels files and has SELinux decide by the labels.
import { existsSync } from 'node:fs';

export const hasSelinux = (): boolean => existsSync('/sys/fs/selinux/enforce');
