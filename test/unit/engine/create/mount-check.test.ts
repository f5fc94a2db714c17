import { checkMountRequest } from '../../../../src/engine/create/mount-check.ts';
import { parseMount } from '../../../../src/engine/create/mount-spec.ts';

test.each([
  ['dst=a', 'Invalid mount config for type "volume": invalid mount path: \'a\' mount path must be absolute'],
  ['dst=/', "Invalid mount config for type \"volume\": invalid specification: destination can't be '/'"],
  ['type=bind,dst=/a', 'Invalid mount config for type "bind": field Source must not be empty'],
  ['type=bind,src=a,dst=/a', 'Invalid mount config for type "bind": invalid mount path: \'a\' mount path must be absolute'],
  ['type=bind,src=/nowhere/x,dst=/a', 'Invalid mount config for type "bind": bind source path does not exist: /nowhere/x'],
  ['type=bind,src=/,dst=/b,bind-propagation=x', 'Invalid mount config for type "bind": invalid propagation mode: x'],
  ['type=tmpfs,src=/b,dst=/a', 'Invalid mount config for type "tmpfs": field Source must not be specified'],
  ['type=image,dst=/a', 'Invalid mount config for type "image": field Source must not be empty'],
  ['type=image,src=x,dst=/a,image-subpath=../a', 'Invalid mount config for type "image": subpath must be a relative path within the image'],
  ['dst=/a,ro', 'Invalid mount config for type "volume": must not set ReadOnly mode when using anonymous volumes'],
  ['dst=/a,volume-subpath=x', 'Invalid mount config for type "volume": must not set Subpath when using anonymous volumes'],
  ['src=vol,dst=/a,volume-subpath=/x', 'Invalid mount config for type "volume": subpath must be a relative path within the volume'],
  ['src=vol,dst=/a,volume-subpath=x/../..', 'Invalid mount config for type "volume": subpath must be a relative path within the volume'],
  ['src=vol,dst=/a,volume-driver=nfs', 'Error looking up volume plugin nfs: plugin "nfs" not found'],
  ['src=vol,dst=/a,volume-opt=size=1', 'Invalid option: "size"'],
  [
    'src=vol,dst=/a,volume-opt=type=nfs,volume-opt=device=:/a',
    'Cannot make a volume of type "nfs" with the options "": without root a volume can only be a folder of yours',
  ],
  ['src=vol,dst=/a,volume-opt=o=bind,volume-opt=device=x', 'Missing device in volume options: "x" is no absolute path'],
  ['src=vol,dst=/a,volume-opt=o=bind,volume-opt=device=/nowhere/x', 'Failed to mount local volume: /nowhere/x: no such file or directory'],
  ['src=vol,dst=/a,"volume-opt=o=bind,suid",volume-opt=device=/x', 'Cannot make a volume with the option "suid"'],
  ['src=vol,dst=/a,volume-opt=type=tmpfs,volume-opt=device=tmpfs,volume-opt=o=size=x', '"size=x" is no mount option of a tmpfs'],
])('--mount %s is refused', (text, message) => {
  expect(() => checkMountRequest(parseMount(text))).toThrow(message);
});

test.each([
  'type=bind,src=/,dst=/a,bind-propagation=rslave',
  'type=bind,src=/nowhere/x,dst=/a,bind-create-src',
  'src=vol,dst=/a,volume-subpath=a/../b,ro',
  'src=vol,dst=/a,volume-driver=local,volume-opt=o=bind,volume-opt=device=/tmp',
  'src=vol,dst=/a,"volume-opt=o=bind,ro",volume-opt=device=/tmp',
  'src=vol,dst=/a,volume-opt=type=tmpfs,volume-opt=device=tmpfs',
  'type=tmpfs,dst=/a',
  'type=image,src=x,dst=/a,image-subpath=a',
])('--mount %s is fine', (text) => {
  expect(() => checkMountRequest(parseMount(text))).not.toThrow();
});
