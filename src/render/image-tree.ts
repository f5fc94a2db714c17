// `images --tree`: an image with all its names, and below it the platforms that its index has; those that are not here take no space.
// Narrow terminals lose columns from the right, names their ends.
import { humanSize } from './human.ts';
import { ellipsis, shortId } from './table.ts';

export interface Weight {
  diskUsage: number;
  contentSize: number;
  isUsed: boolean;
}

export interface ImageTreeInput extends Weight {
  names: readonly string[];
  id: string;
  /** `here`: what of it is kept. */
  platforms: readonly { platform: string; id: string; here?: Weight | undefined }[];
}

const COLUMNS = [
  { title: 'ID', width: 12, isRight: false },
  { title: 'DISK USAGE', width: 10, isRight: true },
  { title: 'CONTENT SIZE', width: 12, isRight: true },
  { title: 'USED', width: 4, isRight: false },
];
const SPACING = 3;
const LEAST_NAME = 12;

/** `columns` is the width of the terminal. */
export function renderImageTree(images: readonly ImageTreeInput[], { columns, noTrunc }: { columns: number; noTrunc: boolean }): string {
  const rows = images.flatMap((image) => rowsOf(image, noTrunc));
  const shown = noTrunc ? COLUMNS.map((column) => (column.title === 'ID' ? { ...column, width: 71 } : column)) : fitting(columns);
  const widest = Math.max('IMAGE'.length, ...rows.map(([name]) => Bun.stringWidth(name)));
  const room = columns - shown.reduce((sum, { width }) => sum + width + SPACING, 0);
  const nameWidth = noTrunc ? widest : Math.min(widest, Math.max(room, LEAST_NAME));
  const line = ([name, ...cells]: Row): string => {
    const first = ellipsis(name, nameWidth);
    const others = shown.map(({ width, isRight }, at) => (isRight ? (cells[at] ?? '').padStart(width) : (cells[at] ?? '').padEnd(width)));
    return [first + ' '.repeat(nameWidth - Bun.stringWidth(first)), ...others].join(' '.repeat(SPACING)).trimEnd();
  };
  return `${[line(['IMAGE', ...COLUMNS.map(({ title }) => title)]), ...rows.map(line)].join('\n')}\n`;
}

type Row = [name: string, ...cells: string[]];

function rowsOf({ names, id, platforms, ...whole }: ImageTreeInput, noTrunc: boolean): Row[] {
  const shown = (digest: string): string => (noTrunc ? digest : shortId(digest));
  const cells = ({ diskUsage, contentSize, isUsed }: Weight): string[] => [humanSize(diskUsage), humanSize(contentSize), isUsed ? '✔' : ''];
  const all = names.length > 0 ? names : ['<untagged>'];
  const heads = all.map((name, at): Row => (at === all.length - 1 ? [name, shown(id), ...cells(whole)] : [name]));
  const branches = platforms.map(({ platform, id: digest, here }, at): Row => {
    const name = `${at === platforms.length - 1 ? '└─' : '├─'} ${platform}`;
    return [name, shown(digest), ...(here ? cells(here) : ['0B', '0B'])];
  });
  return [...heads, ...branches];
}

function fitting(columns: number): typeof COLUMNS {
  let left = columns;
  const end = COLUMNS.findIndex(({ width }) => {
    left -= width + SPACING;
    return left < LEAST_NAME;
  });
  return end < 0 ? COLUMNS : COLUMNS.slice(0, end);
}
