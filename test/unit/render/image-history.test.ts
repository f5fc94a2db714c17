import { type HistoryOptions, renderHistory } from '../../../src/render/image-history.ts';
import { IMAGE_ID, NOW } from './support/records.ts';

const STEPS = [
  { id: IMAGE_ID, created: '2024-01-02T03:02:05Z', createdBy: `RUN\t${'x'.repeat(60)}`, sizeBytes: 1_234_567, comment: 'buildkit' },
  { id: undefined, created: '', createdBy: 'CMD ["sh"]', sizeBytes: 0, comment: '' },
];
const list = (changes: Partial<HistoryOptions> = {}): Promise<string> =>
  renderHistory(STEPS, { quiet: false, noTrunc: false, human: true, format: undefined, now: NOW, ...changes });

test('the newest is the image, the others are missing; long commands are cut at 45', async () => {
  expect(await list()).toBe(
    [
      'IMAGE          CREATED         CREATED BY                                      SIZE      COMMENT',
      `0123456789ab   2 minutes ago   RUN ${'x'.repeat(40)}…   1.23MB    buildkit`,
      '<missing>      N/A             CMD ["sh"]                                      0B        ',
      '',
    ].join('\n'),
  );
});

test('--human=false gives times and bytes, --no-trunc everything', async () => {
  const format = '{{.ID}} {{.CreatedSince}} {{.CreatedBy}} {{.Size}}';
  const [first = ''] = (await list({ human: false, noTrunc: true, format })).split('\n');
  expect(first).toMatch(new RegExp(`^${IMAGE_ID} 2024-01-0\\dT\\d\\d:02:05\\S+ RUN x{60} 1234567$`));
  expect((await list({ human: false })).split('\n')[0]).toMatch(/^IMAGE +CREATED AT +CREATED BY +SIZE +COMMENT$/);
});

test('--quiet prints ids', async () => {
  expect(await list({ quiet: true })).toBe('0123456789ab\n<missing>\n');
  expect(await list({ quiet: true, format: '{{.Comment}}' })).toBe('buildkit\n\n');
});
