// Whether a text is an IP address. node:net would tell too, but loading it costs a quarter of a whole start.

/** 4, 6, or 0 for no address. No zone ids, no brackets. */
export function ipVersion(text: string): 0 | 4 | 6 {
  if (/^(\d{1,3})(\.\d{1,3}){3}$/.test(text)) return text.split('.').every((part) => Number(part) <= 255) ? 4 : 0;
  if (!/^[0-9a-fA-F:.]+$/.test(text) || !text.includes(':')) return 0;
  return URL.canParse(`http://[${text}]/`) ? 6 : 0;
}
