// What `system check` finds. A problem is something that is needed and is not right; a leftover is only in the way: a killed command
// leaves some, and any command may sweep them, so they are named but do not make a store bad.

export interface Finding {
  kind: 'problem' | 'leftover';
  /** `blob sha256:…`, `container web`. */
  object: string;
  what: string;
  /** Puts it right and says how; left out where only the user can. */
  repair?: () => string;
}

export interface CheckResult {
  /** Objects looked at. */
  checked: number;
  findings: Finding[];
}

export const problem = (object: string, what: string, repair?: () => string): Finding => ({
  kind: 'problem',
  object,
  what,
  ...(repair && { repair }),
});

export const leftover = (object: string, repair: () => string): Finding => ({ kind: 'leftover', object, what: 'nothing uses it', repair });

export const merged = (results: CheckResult[]): CheckResult => ({
  checked: results.reduce((sum, { checked }) => sum + checked, 0),
  findings: results.flatMap(({ findings }) => findings),
});
