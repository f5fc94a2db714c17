// Names for containers that get none: a mood and somebody who found out where or what something is. Both lists are our own.

const MOODS = `
able agile airy amber ample azure balmy bold brave breezy bright brisk buoyant calm candid clear clever coastal cosy crisp curious daring
deft drifting eager early easy fair fearless fleet fond free fresh gallant gentle glad golden graceful hardy hearty honest hopeful jolly keen
kind lively loyal lucid lucky mellow merry mild misty modest moonlit nimble noble open patient placid plucky polite proud quick quiet ready
roving salty seaworthy serene sharp shining silver sleek snug sober solid spirited steady stout sunny sure swift tidal tidy tranquil trim
trusty upbeat vivid warm watchful wise witty wry zesty
`
  .trim()
  .split(/\s+/);

const PEOPLE = `
abel agnesi alhazen amundsen anning aristarchus avicenna babbage banneker baret bartram beaufort bell bering bernoulli bessel bohr boole
bose bowditch brahe breguet cabot cannon cavendish celsius chandra clairaut cook coriolis cousteau curie cuvier dampier darwin drake earle
elcano eratosthenes erikson euler faraday fermi fitzroy foucault franklin galilei galle gauss germain gibbs goodall halley harrison herschel
hertz hipparchus hooke hopper humboldt huygens hypatia joule kepler kovalevskaya lamarr laplace lavoisier leavitt linnaeus lovelace magellan
maury maxwell meitner mendel mercator mitchell nansen napier newton nightingale noether oersted pascal pasteur payne penrose piccard planck
polo ptolemy pytheas raman ride ritchie ross rubin rutherford sagan scoresby shackleton shannon slocum somerville stokes tasman tereshkova
tharp torricelli turing vespucci volta wallace weddell wegener wu zheng
`
  .trim()
  .split(/\s+/);

/** A random name such as `brisk_halley`; from the second try on with a digit, so that a crowded store still finds one. */
export function randomName(attempt = 0, pick: (count: number) => number = anyBelow): string {
  const name = `${MOODS[pick(MOODS.length)]}_${PEOPLE[pick(PEOPLE.length)]}`;
  return attempt === 0 ? name : `${name}${pick(10)}`;
}

const anyBelow = (count: number): number => Math.floor(Math.random() * count);
