// What the resolver answers out of what it knows itself. A name that a living container has is never asked of anybody else: not for the
// family that it lacks, not for other types, for the answer of a stranger would win over ours in some clients.
import { type AddressAnswer, CLASS, type Query, TYPE } from './message.ts';
import { type Holder, type NameTable, reverseAddress } from './names.ts';

export interface LocalKnowledge {
  table: NameTable;
  /** Whether the container still runs: a killed supervisor leaves its record. */
  isAlive: (holder: Holder) => boolean;
  /** Changes the order in place; several containers with one name share what comes. */
  shuffle: (records: AddressAnswer[]) => void;
}

/** The records of a local name, [] for a local name without any of that type; undefined for a name that is not ours. */
export function localAnswer(
  query: Pick<Query, 'name' | 'type' | 'class'>,
  { table, isAlive, shuffle }: LocalKnowledge,
): AddressAnswer[] | undefined {
  if (query.class !== CLASS.IN && query.class !== CLASS.ANY) return undefined;
  const address = reverseAddress(query.name);
  if (address !== undefined) {
    const [holder] = table.at(address).filter(isAlive);
    if (!holder) return undefined;
    const name = `${holder.member.ContainerName}.${holder.network}`;
    return wants(query, TYPE.PTR) && canBeName(name) ? [{ type: 'PTR', data: name }] : [];
  }
  const holders = table.named(query.name).filter(isAlive);
  if (holders.length === 0) return undefined;
  const records: AddressAnswer[] = [];
  for (const { member } of holders) {
    if (wants(query, TYPE.A)) add(records, 'A', member.IPv4);
    if (wants(query, TYPE.AAAA)) add(records, 'AAAA', member.IPv6);
  }
  if (records.length > 1) shuffle(records);
  return records;
}

// A container's name may be longer than a label of DNS.
const canBeName = (name: string): boolean => name.length <= 253 && name.split('.').every((label) => label.length > 0 && label.length <= 63);

const wants = ({ type }: Pick<Query, 'type'>, one: number): boolean => type === one || type === TYPE.ANY;

function add(records: AddressAnswer[], type: AddressAnswer['type'], data: string): void {
  if (data !== '' && !records.some((record) => record.data === data)) records.push({ type, data });
}

/** Fisher and Yates's. */
export function shuffleInPlace<T>(items: T[]): void {
  for (let last = items.length - 1; last > 0; last--) {
    const other = Math.floor(Math.random() * (last + 1));
    [items[last], items[other]] = [items[other] as T, items[last] as T];
  }
}
