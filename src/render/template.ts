export function renderTemplate(_template: string, data: unknown): string {
  return JSON.stringify(data);
}
