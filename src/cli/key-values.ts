// `KEY=VALUE` flags that may be given several times, as one object; the last of a key counts. Without a `=` the value is ''.

export function keyValues(texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    texts.map((text) => {
      const equals = text.indexOf('=');
      return equals < 0 ? [text, ''] : [text.slice(0, equals), text.slice(equals + 1)];
    }),
  );
}
