// `stats` as text, in Docker's columns and units: memory in powers of 1024, what went over the network and to disks in powers of 1000.
import { struct } from './go-values.ts';
import { binarySize, humanSize } from './human.ts';
import { alignTable, shortId } from './table.ts';

export interface StatsRowInput {
  id: string;
  name: string;
  /** As the user called it; else the id. */
  called: string;
  /** Undefined when it does not run. */
  usage?: {
    cpuPercent: number;
    memoryBytes: number;
    memoryLimitBytes: number;
    network: { receivedBytes: number; sentBytes: number };
    disk: { readBytes: number; writtenBytes: number };
    tasks: number;
  };
}

export interface StatsRenderOptions {
  format: string | undefined;
  noTrunc: boolean;
  /** What stands for the figures of a container that does not run: Docker's zeros in a single look, dashes in a stream. */
  stopped: 'zero' | 'dashes';
}

const HEADER = {
  Container: 'CONTAINER',
  ID: 'CONTAINER ID',
  Name: 'NAME',
  CPUPerc: 'CPU %',
  MemUsage: 'MEM USAGE / LIMIT',
  MemPerc: 'MEM %',
  NetIO: 'NET I/O',
  BlockIO: 'BLOCK I/O',
  PIDs: 'PIDS',
};

const COLUMNS = ['ID', 'Name', 'CPUPerc', 'MemUsage', 'MemPerc', 'NetIO', 'BlockIO', 'PIDs'] as const;

/** One frame. Throws ERR_TEMPLATE. */
export async function renderStats(stats: readonly StatsRowInput[], options: StatsRenderOptions): Promise<string> {
  const { format = 'table' } = options;
  const rows = stats.map((one) => row(one, options));
  if (format !== 'table' && format !== '') {
    const { formatRows } = await import('./rows.ts');
    return formatRows(format, rows, { header: HEADER, table: COLUMNS.map((column) => `{{.${column}}}`).join('\t'), raw: 'raw' });
  }
  return alignTable([HEADER, ...rows].map((one) => COLUMNS.map((column) => one[column]).join('\t')));
}

// Fields in the order of Docker's JSON.
function row({ id, name, called, usage }: StatsRowInput, { noTrunc, stopped }: StatsRenderOptions) {
  const ID = noTrunc ? id : shortId(id);
  const Container = called === id ? ID : called;
  const known = usage ?? (stopped === 'zero' ? NOTHING : undefined);
  if (!known) {
    const none = '--';
    const figures = {
      BlockIO: none,
      CPUPerc: none,
      Container,
      ID,
      MemPerc: none,
      MemUsage: '-- / --',
      Name: name,
      NetIO: none,
      PIDs: none,
    };
    return struct('*formatter.statsContext', figures);
  }
  const { memoryBytes, memoryLimitBytes, network, disk } = known;
  return struct('*formatter.statsContext', {
    BlockIO: `${humanSize(disk.readBytes)} / ${humanSize(disk.writtenBytes)}`,
    CPUPerc: percent(known.cpuPercent),
    Container,
    ID,
    MemPerc: percent(memoryLimitBytes > 0 ? (memoryBytes / memoryLimitBytes) * 100 : 0),
    MemUsage: `${binarySize(memoryBytes)} / ${binarySize(memoryLimitBytes)}`,
    Name: name,
    NetIO: `${humanSize(network.receivedBytes)} / ${humanSize(network.sentBytes)}`,
    PIDs: String(known.tasks),
  });
}

const percent = (value: number): string => `${value.toFixed(2)}%`;

const NOTHING: NonNullable<StatsRowInput['usage']> = {
  cpuPercent: 0,
  memoryBytes: 0,
  memoryLimitBytes: 0,
  network: { receivedBytes: 0, sentBytes: 0 },
  disk: { readBytes: 0, writtenBytes: 0 },
  tasks: 0,
};
