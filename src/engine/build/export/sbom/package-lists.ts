// What package managers write down of what they installed: dpkg's status, apk's database, the metadata of npm's and Python's packages. Names and versions
// as they stand there; what cannot be read is passed over.

export interface FoundPackage {
  kind: 'deb' | 'apk' | 'npm' | 'pypi';
  name: string;
  version: string;
  architecture?: string | undefined;
  /** SPDX's, or whatever stands there. */
  license?: string | undefined;
  /** Where it was read. */
  path: string;
}

/** dpkg's `status`, and the files of `status.d` that images without dpkg have. */
export function debPackages(text: string, path: string): FoundPackage[] {
  return paragraphs(text, /^([A-Za-z-]+): ?(.*)$/).flatMap((fields) => {
    const { Package: name, Version: version, Status: status, Architecture: architecture } = fields;
    const isHere = status === undefined || / installed$/.test(status);
    return name && version && isHere ? [{ kind: 'deb' as const, name, version, architecture, path }] : [];
  });
}

/** apk's `installed`. */
export function apkPackages(text: string, path: string): FoundPackage[] {
  return paragraphs(text, /^([A-Za-z]):(.*)$/).flatMap(({ P: name, V: version, A: architecture, L: license }) =>
    name && version ? [{ kind: 'apk' as const, name, version, architecture, license, path }] : [],
  );
}

/** A package.json below node_modules. */
export function npmPackage(text: string, path: string): FoundPackage[] {
  try {
    const { name, version, license } = JSON.parse(text) as { name?: unknown; version?: unknown; license?: unknown };
    if (typeof name !== 'string' || typeof version !== 'string') return [];
    return [{ kind: 'npm', name, version, license: typeof license === 'string' ? license : undefined, path }];
  } catch {
    return [];
  }
}

/** METADATA of a .dist-info folder, PKG-INFO of an .egg-info one. */
export function pythonPackage(text: string, path: string): FoundPackage[] {
  const [fields] = paragraphs(text, /^([A-Za-z-]+): ?(.*)$/);
  const { Name: name, Version: version, 'License-Expression': expression } = fields ?? {};
  return name && version ? [{ kind: 'pypi', name, version, license: expression, path }] : [];
}

/** The fields of each paragraph, the first of a name; lines that go on are left out. */
function paragraphs(text: string, line: RegExp): Record<string, string>[] {
  return text
    .split(/\n\n+/)
    .map((paragraph) => {
      const fields: Record<string, string> = {};
      for (const one of paragraph.split('\n')) {
        const [, name, value = ''] = line.exec(one) ?? [];
        if (name !== undefined && fields[name] === undefined) fields[name] = value.trim();
      }
      return fields;
    })
    .filter((fields) => Object.keys(fields).length > 0);
}
