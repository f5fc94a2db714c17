import { checkRunMount, parseRunMount } from '../../../../src/engine/dockerfile/run-mount.ts';

const OWNER = { uid: 0, gid: 0 };
const BIND = { type: 'bind', target: '', source: '/', readonly: true };
const CACHE = { type: 'cache', target: '/c', id: '/c', source: '/', sharing: 'shared', readonly: false, mode: 0o755, ...OWNER };
const SECRET = { type: 'secret', id: 'k', target: '/run/secrets/k', required: false, mode: 0o400, ...OWNER };
const SSH = { type: 'ssh', id: 'default', required: false, mode: 0o600, ...OWNER };

describe('a mount', () => {
  test.each<[string, object]>([
    ['target=/x', { ...BIND, target: '/x' }],
    ['type=bind,dst=/x', { ...BIND, target: '/x' }],
    ['type=bind,destination=/x,src=a/b', { ...BIND, target: '/x', source: 'a/b' }],
    ['type=bind,target=rel', { ...BIND, target: 'rel' }],
    ['type=bind', BIND],
    ['type=BIND,TARGET=/x', { ...BIND, target: '/x' }],
    ['type=bind,from=stage,source=/s,target=/x', { ...BIND, target: '/x', from: 'stage', source: '/s' }],
    ['target=/x,rw', { ...BIND, target: '/x', readonly: false }],
    ['target=/x,readwrite', { ...BIND, target: '/x', readonly: false }],
    ['target=/x,rw=false', { ...BIND, target: '/x' }],
    ['target=/x,ro=false', { ...BIND, target: '/x', readonly: false }],
    ['target=/x,rw,ro', { ...BIND, target: '/x' }],
    ['"target=/a,b"', { ...BIND, target: '/a,b' }],
    ['"target=/say ""hi"""', { ...BIND, target: '/say "hi"' }],
    ['type=cache,target=/c', CACHE],
    ['type=cache,target=/c/../c/', { ...CACHE, target: '/c/../c/', id: '/c' }],
    ['type=cache,target=/c,id=mine', { ...CACHE, id: 'mine' }],
    ['type=cache,target=/c,sharing=locked', { ...CACHE, sharing: 'locked' }],
    ['type=cache,target=/c,sharing=Private', { ...CACHE, sharing: 'private' }],
    ['type=cache,target=/c,ro', { ...CACHE, readonly: true }],
    ['type=cache,target=/c,from=base,source=/seed', { ...CACHE, from: 'base', source: '/seed' }],
    ['type=cache,target=/c,mode=0700,uid=5,gid=6', { ...CACHE, mode: 0o700, uid: 5, gid: 6 }],
    ['type=tmpfs,target=/t', { type: 'tmpfs', target: '/t' }],
    ['type=tmpfs,target=/t,size=1g', { type: 'tmpfs', target: '/t', sizeBytes: 1024 ** 3 }],
    ['type=secret,id=k', SECRET],
    ['id=k,type=secret,required', { ...SECRET, required: true }],
    ['type=secret,id=k,required=false', SECRET],
    ['type=secret,src=k', SECRET],
    ['type=secret,id=a/k', { ...SECRET, id: 'a/k' }],
    ['type=secret,target=/etc/k', { ...SECRET, target: '/etc/k' }],
    ['type=secret,id=k,env=K', { ...SECRET, target: undefined, env: 'K' }],
    ['type=secret,id=k,env=K,target=/k', { ...SECRET, target: '/k', env: 'K' }],
    ['type=secret,id=k,mode=0444,uid=1,gid=2', { ...SECRET, mode: 0o444, uid: 1, gid: 2 }],
    ['type=ssh', SSH],
    ['type=ssh,id=other,target=/s,required=true,mode=0666', { ...SSH, id: 'other', target: '/s', required: true, mode: 0o666 }],
  ])('%s', (text, expected) => {
    expect(parseRunMount(text)).toEqual(expected);
  });

  test('each value is expanded by itself, so that no variable adds an option', () => {
    expect(parseRunMount('type=$T,target=/c', (word) => word.replace('$T', 'cache'))).toEqual(CACHE);
    expect(parseRunMount('target=$D', (word) => word.replace('$D', '/x,rw'))).toEqual({ ...BIND, target: '/x,rw' });
  });
});

const REFUSED: [text: string, said: string][] = [
  ['', 'failed to parse csv mounts: EOF'],
  ['"target=/x', `failed to parse csv mounts: a quote does not end in '"target=/x'`],
  ['type=cach,target=/c', 'unsupported mount type "cach" (did you mean cache?)'],
  ['type=volume,target=/c', 'unsupported mount type "volume"'],
  ['type=cache,target=/c,sharing=alone', 'unsupported sharing value "alone"'],
  ['type=cache,target=/c,sharing=locket', 'unsupported sharing value "locket" (did you mean locked?)'],
  ['tagret=/x', "unexpected key 'tagret' in 'tagret=/x' (did you mean target?)"],
  ['nonsense=/x', "unexpected key 'nonsense' in 'nonsense=/x'"],
  ['target', "invalid field 'target' must be a key=value pair"],
  ['target=/x,', "invalid field '' must be a key=value pair"],
  ['type=secret,id=k,requird', "invalid field 'requird' must be a key=value pair (did you mean required?)"],
  ['target=/x,ro=maybe', 'invalid value for ro: maybe'],
  ['target=/x,rw=maybe', 'invalid value for rw: maybe'],
  ['type=secret,id=k,required=maybe', 'invalid value for required: maybe'],
  ['target=/x,required', "unexpected key 'required' for mount type 'bind'"],
  ['target=/x,size=1', "unexpected key 'size' for mount type 'bind'"],
  ['target=/x,env=A', "unexpected key 'env' for mount type 'bind'"],
  ['type=tmpfs,target=/t,size=big', 'invalid value for size: big'],
  ['target=/x,mode=0700', 'mode not allowed for "bind" type mounts'],
  ['type=tmpfs,target=/t,uid=1', 'uid not allowed for "tmpfs" type mounts'],
  ['target=/x,gid=1', 'gid not allowed for "bind" type mounts'],
  ['type=cache,target=/c,mode=0888', 'invalid value 0888 for mode'],
  ['type=cache,target=/c,uid=me', 'invalid value me for uid'],
  ['type=cache,target=/c,gid=-1', 'invalid value -1 for gid'],
  ['type=cache,target=/c,uid=4294967296', 'invalid value 4294967296 for uid'],
  ['type=secret,id=k,from=x', 'secret mount should not have a from'],
  ['type=secret,id=k,sharing=shared', 'secret mount should not define sharing'],
  ['target=/x,sharing=shared', 'invalid cache sharing set for bind mount'],
  ['type=secret', 'invalid secret mount. one of source, target required'],
  ['type=secret,id=k,src=k', "both source and id can't be set"],
  ['from=$X,target=/x', "'from' doesn't support variable expansion, define alias stage instead"],
];

describe('is refused:', () => {
  test.each(REFUSED)('%s', (text, said) => {
    expect(() => parseRunMount(text)).toThrow(expect.objectContaining({ code: 'ERR_DOCKERFILE', message: said }));
    expect(() => checkRunMount(text, 7)).toThrow(expect.objectContaining({ message: said, at: 7 }));
  });

  test('what a variable may still make right is not refused before its value is known', () => {
    expect(() => checkRunMount('type=$T,target=$D,sharing=$S', 0)).not.toThrow();
    expect(() => checkRunMount('type=$T,from=$S', 0)).toThrow("'from' doesn't support variable expansion");
  });
});
