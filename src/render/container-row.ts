// One row of `ps`: Docker's fields, all text, each worked out only when it is shown. Used by the table, by templates and by JSON.
import { endpointsOf } from '../storage/endpoint.ts';
import type { ContainerRecord, ContainerState } from '../storage/records.ts';
import { statusText } from './container-status.ts';
import { quote } from './go-quote.ts';
import { sortedKeys, struct } from './go-values.ts';
import { ago, humanSize } from './human.ts';
import { displayPorts, portSummaries } from './ports.ts';
import { ellipsis, shortId } from './table.ts';

export interface ContainerRowInput {
  record: ContainerRecord;
  state: ContainerState;
  /** As it is shown: the user's name for the image, or its id. */
  image: string;
  size?: { sizeRw: number; sizeRootFs: number };
}

export interface RowOptions {
  noTrunc: boolean;
  now: Date;
  formatTime(time: number): string;
  /** Bytes as text; default three digits. */
  sizeText?: (bytes: number) => string;
}

export interface ContainerRow {
  Command: string;
  CreatedAt: string;
  ID: string;
  Image: string;
  Label(key: unknown): string;
  Labels: string;
  LocalVolumes: string;
  Mounts: string;
  Names: string;
  Networks: string;
  Platform: null;
  Ports: string;
  RunningFor: string;
  Size: string;
  State: string;
  Status: string;
}

const COMMAND_WIDTH = 20;
const MOUNT_WIDTH = 15;

export function containerRow(
  { record, state, image, size }: ContainerRowInput,
  { noTrunc, now, formatTime, sizeText = humanSize }: RowOptions,
): ContainerRow {
  const { Labels = {} } = record.Config;
  return struct('*formatter.ContainerContext', {
    get Command() {
      return commandCell(record, noTrunc);
    },
    get CreatedAt() {
      return formatTime(Date.parse(record.Created));
    },
    ID: noTrunc ? record.Id : shortId(record.Id),
    get Image() {
      return imageText(image, noTrunc);
    },
    Label: (key: unknown) => Labels[String(key)] ?? '',
    get Labels() {
      return sortedKeys(Labels)
        .map((key) => `${key}=${Labels[key]}`)
        .join(',');
    },
    get LocalVolumes() {
      return String(record.Mounts.filter(({ Type }) => Type === 'volume').length);
    },
    get Mounts() {
      const names = record.Mounts.map(({ Name, Source }) => Name || Source);
      return names.map((name) => (noTrunc ? name : ellipsis(name, MOUNT_WIDTH))).join(',');
    },
    Names: record.Name,
    get Networks() {
      return Object.keys(endpointsOf(record)).join(',');
    },
    Platform: null,
    get Ports() {
      return displayPorts(portsOf(record, state));
    },
    get RunningFor() {
      return ago(record.Created, now);
    },
    get Size() {
      return sizeCell(size, sizeText);
    },
    State: state.Status,
    get Status() {
      return statusText(state, now);
    },
  });
}

/** The line of the plain table, its cells parted by tabs. Without a row, which only templates need: a thousand containers feel it. */
export function plainLine({ record, state, image }: ContainerRowInput, { noTrunc, now }: Pick<RowOptions, 'noTrunc' | 'now'>): string {
  const id = noTrunc ? record.Id : shortId(record.Id);
  const ports = displayPorts(portsOf(record, state));
  const command = commandCell(record, noTrunc);
  return `${id}\t${imageText(image, noTrunc)}\t${command}\t${ago(record.Created, now)}\t${statusText(state, now)}\t${ports}\t${record.Name}`;
}

/** Published and exposed ports while the container runs; none otherwise. */
export function portsOf(record: ContainerRecord, state: ContainerState) {
  const isUp = state.Status === 'running' || state.Status === 'paused';
  return isUp ? portSummaries(state.Ports, record.Config.ExposedPorts) : [];
}

function commandCell(record: ContainerRecord, noTrunc: boolean): string {
  const command = commandText(record);
  return quote(noTrunc ? command : ellipsis(command, COMMAND_WIDTH));
}

function commandText({ Path, Args }: ContainerRecord): string {
  return [Path, ...Args.map((arg) => (arg.includes(' ') ? `'${arg}'` : arg))].join(' ');
}

/** An id is cut; a name with tag and digest loses the digest. */
function imageText(image: string, noTrunc: boolean): string {
  if (noTrunc) return image;
  if (/^(sha256:)?[0-9a-f]{64}$/.test(image)) return shortId(image);
  return image.replace(/(:[\w][\w.-]{0,127})@sha256:[0-9a-f]{64}$/, '$1');
}

function sizeCell(size: ContainerRowInput['size'], text: (bytes: number) => string): string {
  if (!size) return '0B';
  return size.sizeRootFs > 0 ? `${text(size.sizeRw)} (virtual ${text(size.sizeRootFs)})` : text(size.sizeRw);
}
