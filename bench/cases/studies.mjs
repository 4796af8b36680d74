// Layers of studies: weights made anew in cache for every product, against weights in memory (the column "materialised").

/** He's layer of a width on a batch, with ReLU's gain; kept, or made from the generator each time. */
const layer = (width, batch, { make, backward }) => ({
  name: `${make ? 'make a layer' : 'layer'} of ${width}, batch ${batch}, forward${backward ? ' and backward' : ''}`,
  setup: (ek) => study(ek, width, batch, make, backward, 'never'),
  materialised: (ek) => study(ek, width, batch, make, backward, 'always'),
  ...(make ? { torch: torchLayer(width, batch, backward) } : {}),
  // Without the matrix at most 1.5 times as long, though the weight is made twice.
  targets: [{ peer: 'materialised', ratio: 1 / 1.5 }],
});

async function study(ek, width, batch, make, backward, materialize) {
  const { studyLinear } = await import('evenkeel/study');
  const init = { initialiser: 'kaimingNormal', nonlinearity: 'relu' };
  const generator = new ek.Generator(0);
  const build = () => studyLinear(width, width, { init, materialize, generator });
  const kept = build();
  const x = ek.randn(batch, width).requiresGrad_();
  const gradient = ek.randn(batch, width);
  return () => {
    const current = make ? build() : kept;
    if (!backward) return ek.noGrad(() => current.call(x));
    for (const parameter of current.parameters()) parameter.grad = null;
    x.grad = null;
    return current.call(x).backward(gradient);
  };
}

const torchLayer = (width, batch, backward) => [
  `x, gradient = torch.randn(${batch}, ${width}, requires_grad=True), torch.randn(${batch}, ${width})`,
  `weight = torch.empty(${width}, ${width}${backward ? ', requires_grad=True' : ''})\n` +
    'torch.nn.init.kaiming_normal_(weight, nonlinearity="relu")\n' +
    (backward ? 'torch.nn.functional.linear(x, weight).backward(gradient)' : 'with torch.no_grad(): x @ weight.T'),
];

/** In law there is no matrix to compare with. */
const inLaw = (width, batch) => ({
  name: `layer in law of ${width}, batch ${batch}, forward and backward`,
  setup: async (ek) => {
    const { InLawLinear } = await import('evenkeel/study');
    const current = new InLawLinear(width, width, { std: Math.sqrt(2 / width), seed: 0 });
    const x = ek.randn(batch, width).requiresGrad_();
    const gradient = ek.randn(batch, width);
    return () => {
      x.grad = null;
      return current.call(x).backward(gradient);
    };
  },
});

const ways = [
  { make: false, backward: false },
  { make: false, backward: true },
  { make: true, backward: true },
];

export const studies = [
  ...[2, 64].flatMap((batch) => ways.map((way) => layer(4096, batch, way))),
  ...[1024, 2048].flatMap((width) => ways.slice(1).map((way) => layer(width, 2, way))),
  inLaw(65536, 2),
  inLaw(1_000_000, 2),
];
