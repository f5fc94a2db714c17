// Networks as text: Docker's columns for the list, its object for `inspect`.
import type { MemberRecord, NetworkPool, NetworkRecord } from '../storage/network-records.ts';
import { timeFormatter } from './go-time.ts';
import { goMap, nilMap, sortedKeys, struct } from './go-values.ts';
import { alignTable, shortId } from './table.ts';

const HEADER = {
  ID: 'NETWORK ID',
  Name: 'NAME',
  Driver: 'DRIVER',
  Scope: 'SCOPE',
  IPv4: 'IPV4',
  IPv6: 'IPV6',
  Internal: 'INTERNAL',
  Labels: 'LABELS',
  CreatedAt: 'CREATED AT',
};
const COLUMNS = ['ID', 'Name', 'Driver', 'Scope'] as const;

export interface NetworkListOptions {
  quiet: boolean;
  noTrunc: boolean;
  format: string | undefined;
  /** For the local time zone. */
  env: Readonly<Record<string, string | undefined>>;
}

/** The listing. Throws ERR_TEMPLATE. */
export async function renderNetworkList(networks: readonly NetworkRecord[], options: NetworkListOptions): Promise<string> {
  const { quiet, noTrunc, env } = options;
  const idOf = (id: string): string => (noTrunc ? id : shortId(id));
  if (quiet && (options.format === undefined || options.format === 'table')) return networks.map(({ Id }) => `${idOf(Id)}\n`).join('');
  const time = timeFormatter(env);
  const rows = networks.map(({ Id, Name, Driver, EnableIPv4, EnableIPv6, Internal, Labels, Created }) =>
    struct('*network.networkContext', {
      CreatedAt: time(Date.parse(Created)).replace(/:\d\d(?= )/, (seconds) => seconds + fraction(Created)),
      Driver,
      ID: idOf(Id),
      IPv4: String(EnableIPv4),
      IPv6: String(EnableIPv6),
      Internal: String(Internal),
      Label: (key: unknown) => Labels[String(key)] ?? '',
      Labels: sortedKeys(Labels)
        .map((key) => `${key}=${Labels[key]}`)
        .join(','),
      Name,
      Scope: 'local',
    }),
  );
  const { format = 'table' } = options;
  if (format === 'table' || format === '') {
    return alignTable([HEADER, ...rows].map((row) => COLUMNS.map((column) => row[column]).join('\t')));
  }
  const { formatRows } = await import('./rows.ts');
  return formatRows(format, rows, {
    header: HEADER,
    table: COLUMNS.map((column) => `{{.${column}}}`).join('\t'),
    raw: 'network_id: {{.ID}}\nname: {{.Name}}\ndriver: {{.Driver}}\nscope: {{.Scope}}\n',
  });
}

export interface RenderedNetwork {
  record: NetworkRecord;
  members: readonly MemberRecord[];
}

/** A network in Docker's shape. */
export function renderNetwork({ record, members }: RenderedNetwork): object {
  const { Name, Id, Created, Driver, EnableIPv4, EnableIPv6, Internal, Attachable, IPAM, Options, Labels } = record;
  return struct('network.Inspect', {
    Name,
    Id,
    Created,
    Scope: 'local',
    Driver,
    EnableIPv4,
    EnableIPv6,
    IPAM: struct('network.IPAM', {
      Driver: IPAM.Driver,
      Options: IPAM.Options ? goMap(IPAM.Options, '') : nilMap(''),
      Config: IPAM.Config.map(pool),
    }),
    Internal,
    Attachable,
    Ingress: false,
    ConfigFrom: struct('network.ConfigReference', { Network: '' }),
    ConfigOnly: false,
    Containers: goMap(Object.fromEntries(members.map((member) => [member.ContainerId, endpoint(member)])), null),
    Options: goMap(Options, ''),
    Labels: goMap(Labels, ''),
  });
}

/** `network inspect`. Throws ERR_TEMPLATE. */
export async function renderNetworks(found: readonly RenderedNetwork[], format?: string): Promise<string> {
  const values = found.map(renderNetwork);
  if (format === undefined || format === '') return `${JSON.stringify(values, null, 4)}\n`;
  if (format === 'json') return `${JSON.stringify(values)}\n`;
  const { inspectFormatter } = await import('./inspect-format.ts');
  const formatted = inspectFormatter(format);
  return values.map((value) => `${formatted(value)}\n`).join('');
}

/** `.464` as Go prints a part of a second: without zeros at its end, and nothing for none. */
function fraction(created: string): string {
  const digits = String(Date.parse(created) % 1000)
    .padStart(3, '0')
    .replace(/0+$/, '');
  return Date.parse(created) < 0 || digits === '' ? '' : `.${digits}`;
}

function pool({ Subnet, IPRange, Gateway, AuxiliaryAddresses }: NetworkPool): object {
  // Go's name of the field is another than its name in JSON.
  const empty = { IPRange: '', AuxAddress: AuxiliaryAddresses ? goMap(AuxiliaryAddresses, '') : nilMap('') };
  const aux = AuxiliaryAddresses && Object.keys(AuxiliaryAddresses).length > 0 ? { AuxiliaryAddresses: goMap(AuxiliaryAddresses, '') } : {};
  return struct('network.IPAMConfig', { Subnet, ...(IPRange ? { IPRange } : {}), Gateway, ...aux }, empty);
}

function endpoint({ ContainerName, EndpointId, MacAddress, IPv4, IPv4Prefix, IPv6, IPv6Prefix }: MemberRecord): object {
  return struct('network.EndpointResource', {
    Name: ContainerName,
    EndpointID: EndpointId,
    MacAddress,
    IPv4Address: IPv4 ? `${IPv4}/${IPv4Prefix}` : '',
    IPv6Address: IPv6 ? `${IPv6}/${IPv6Prefix}` : '',
  });
}
