// The records of networks and of the containers on them, as types. Field names are Docker's (Engine API 1.4x) where it has them.

/** One subnet of a network. All texts: `172.18.0.0/16`, `172.18.0.1`. */
export interface NetworkPool {
  Subnet: string;
  /** The part of the subnet that addresses are given from. */
  IPRange?: string;
  Gateway: string;
  /** Name → address that no container gets. */
  AuxiliaryAddresses?: Record<string, string>;
}

/** `networks/<encoded name>.json`. Never changed once written. */
export interface NetworkRecord {
  version: 1;
  /** 64 hex digits. */
  Id: string;
  Name: string;
  /** RFC 3339. */
  Created: string;
  /** `host` and `null` are those of the networks that are always there. */
  Driver: 'bridge' | 'host' | 'null';
  EnableIPv4: boolean;
  EnableIPv6: boolean;
  /** No way out. */
  Internal: boolean;
  Attachable: boolean;
  Labels: Record<string, string>;
  /** `com.docker.network.…`, as given. */
  Options: Record<string, string>;
  /** At most one subnet of each family, IPv4 first. */
  IPAM: { Driver: 'default'; Options: Record<string, string> | null; Config: NetworkPool[] };
}

/** What a container is to have on one network: its record's `Endpoints`. */
export interface EndpointSettings {
  /** 64 hex digits. */
  NetworkID: string;
  Aliases: string[];
  IPAMConfig?: { IPv4Address?: string; IPv6Address?: string; LinkLocalIPs?: string[] };
  MacAddress?: string;
  DriverOpts?: Record<string, string>;
  /** The highest is the default route's; absent is 0. */
  GwPriority?: number;
}

/** What a running container has on one network: its state's `Networks`. '' and 0 are none. */
export interface EndpointState {
  NetworkID: string;
  EndpointID: string;
  Gateway: string;
  IPAddress: string;
  IPPrefixLen: number;
  IPv6Gateway: string;
  GlobalIPv6Address: string;
  GlobalIPv6PrefixLen: number;
  MacAddress: string;
  Aliases: string[];
  /** Every name it answers to on this network. */
  DNSNames: string[];
  /** `eth0` … in the container. */
  Interface: string;
}

/** What `takeAddresses` gives. '' and 0 are none. */
export interface TakenAddresses {
  IPv4: string;
  IPv4Prefix: number;
  IPv6: string;
  IPv6Prefix: number;
  Gateway: string;
  Gateway6: string;
  MacAddress: string;
}

/** `networks/<encoded name>.d/members/<container id>.json`: a running container on a network, written by its supervisor. */
export interface MemberRecord {
  version: 1;
  ContainerId: string;
  ContainerName: string;
  Hostname: string;
  /** 64 hex digits, others with each start. */
  EndpointId: string;
  Interface: string;
  MacAddress: string;
  /** '' and 0 where the network has none of that family. */
  IPv4: string;
  IPv4Prefix: number;
  IPv6: string;
  IPv6Prefix: number;
  Gateway: string;
  /** Network aliases, the short id, and the service's name if there is one. */
  Aliases: string[];
}
