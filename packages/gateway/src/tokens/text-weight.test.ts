import { expect, test } from 'vitest'
import { countTextTokens } from './count-tokens.ts'
import { textWeight } from './text-weight.ts'

/** As {@link boundTokens} takes it. */
const margin = 1.1

/** The same numbers at every run. */
function createDraw(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

const draw = createDraw(7)
const some = (letters: string, count: number): string => {
  const all = Array.from(letters)
  return Array.from({ length: count }, () => all[draw(all.length)]).join('')
}
const codes = (from: number, to: number, count: number): string =>
  Array.from(
    { length: count },
    (_, at) => String.fromCodePoint(from + draw(to - from + 1)) + (at % 6 === 5 ? ' ' : ''),
  ).join('')
const bytes = (count: number): Buffer => Buffer.from(Array.from({ length: count }, () => draw(256)))
const lower = 'abcdefghijklmnopqrstuvwxyz'
const words = (letters: string, most: number): string =>
  Array.from({ length: 300 }, () => some(letters, 3 + draw(most))).join(' ')
const english = `Nobody knew where the river ended, although several explorers had tried to follow it through the mountains
during the previous century. When the first maps were drawn, most people in the valley did not believe what they saw: the
water seemed to turn back on itself, and then to vanish. "It must be a mistake," said the mayor, but it was not.`

const corpora: Readonly<Record<string, string>> = {
  english: english.repeat(5),
  german: 'Künstliche Intelligenz verändert unsere Lebensweise, und Unternehmen verwenden große Sprachmodelle. '.repeat(
    9,
  ),
  polish: 'Sztuczna inteligencja zmienia nasz sposób życia. Chrząszcz brzmi w trzcinie w Szczebrzeszynie. '.repeat(9),
  finnish: 'Tekoäly muuttaa elämäntapaamme, ja monet yritykset käyttävät suuria kielimalleja. '.repeat(9),
  swahili: 'Akili bandia inabadilisha namna yetu ya maisha na makampuni mengi yanatumia miundo mikubwa. '.repeat(9),
  zulu: 'Ubuhlakani bokwenziwa bushintsha indlela esiphila ngayo futhi izinkampani eziningi. '.repeat(9),
  yoruba: 'Ọgbọ́n àtọwọ́dá ń yí ọ̀nà ìgbésí ayé wa padà, ọ̀pọ̀ ilé-iṣẹ́ sì ń lo àwọn àwòṣe èdè ńlá. '.repeat(9),
  vietnamese: 'Trí tuệ nhân tạo đang thay đổi cách sống của chúng ta và nhiều công ty đang sử dụng. '.repeat(9),
  russian: 'Искусственный интеллект меняет наш образ жизни, и компании используют языковые модели. '.repeat(9),
  chinese: '人工智能正在改变我们的生活方式。今天的天气非常好，我们决定去公园散步，并且在湖边吃了午饭。'.repeat(9),
  'chinese, rare': '憂鬱的臺灣烏龜尋找鷹架，籲請釐清，魑魅魍魎饕餮。'.repeat(9),
  japanese: '人工知能は私たちの生活を変えつつあります。多くの会社がコンピューターを使っています。'.repeat(9),
  korean: '인공지능은 우리의 삶의 방식을 바꾸고 있습니다. 많은 회사들이 언어 모델을 사용합니다. '.repeat(9),
  arabic: 'الذكاء الاصطناعي يغير طريقة حياتنا، وتستخدم العديد من الشركات نماذج اللغة الكبيرة. '.repeat(9),
  'arabic with marks': 'بِسْمِ اللَّهِ الرَّحْمَٰنِ الرَّحِيمِ الْحَمْدُ لِلَّهِ رَبِّ الْعَالَمِينَ '.repeat(9),
  hindi: 'कृत्रिम बुद्धिमत्ता हमारे जीवन के तरीके को बदल रही है और कई कंपनियाँ उपयोग कर रही हैं। '.repeat(9),
  thai: 'ปัญญาประดิษฐ์กำลังเปลี่ยนวิถีชีวิตของเรา และหลายบริษัทกำลังใช้แบบจำลองภาษาขนาดใหญ่'.repeat(9),
  'any latin': codes(0xc0, 0x24f, 900),
  'any greek': codes(0x391, 0x3c9, 900),
  'any cyrillic': codes(0x410, 0x44f, 900),
  'any hebrew': codes(0x5d0, 0x5ea, 900),
  'any arabic': codes(0x621, 0x64a, 900),
  'any devanagari': codes(0x904, 0x94d, 900),
  'any tamil': codes(0xb85, 0xbcd, 900),
  'any oriya': codes(0xb05, 0xb4d, 900),
  'any thai': codes(0xe01, 0xe3a, 900),
  'any tibetan': codes(0xf40, 0xf6c, 900),
  'any georgian': codes(0x10d0, 0x10f0, 900),
  'any ethiopic': codes(0x1200, 0x1248, 900),
  'any kana': codes(0x3041, 0x30fe, 900),
  'any ideograph': codes(0x4e00, 0x9fff, 900),
  'any rare ideograph': codes(0x20000, 0x2a6df, 500),
  'any hangul': codes(0xac00, 0xd7a3, 900),
  emoji: codes(0x1f300, 0x1f9ff, 500),
  families: '👨‍👩‍👧‍👦👩🏽‍💻🏳️‍🌈🇩🇪🇯🇵'.repeat(20),
  symbols: codes(0x2190, 0x22ff, 500),
  'wide letters': codes(0xff01, 0xff9d, 500),
  'letters with marks on top': Array.from({ length: 300 }, () => some(lower, 1) + codes(0x300, 0x36f, 3)).join(''),
  'nobody’s own letters': codes(0xe000, 0xf8ff, 500),
  base64: bytes(2_000).toString('base64'),
  base64url: bytes(2_000).toString('base64url'),
  hex: bytes(2_000).toString('hex'),
  'hex in capitals': bytes(2_000).toString('hex').toUpperCase(),
  base32: some('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', 2_000),
  digits: some('0123456789', 2_000),
  numbers: Array.from({ length: 300 }, () => draw(1_000_000) / 997).join(', '),
  table: Array.from(
    { length: 200 },
    () => `${draw(1e6)};${draw(1e6) / 100};2026-0${1 + draw(9)}-1${draw(9)};X${draw(99)}`,
  ).join('\n'),
  'random words': words(lower, 10),
  'random words in capitals': words(lower.toUpperCase(), 10),
  'random words in both': words(lower + lower.toUpperCase(), 10),
  'any ASCII': Array.from({ length: 2_000 }, () => String.fromCharCode(32 + draw(95))).join(''),
  signs: some('!"#$%&\'()*+,-./:;<=>?@[]^_`{|}~', 1_500),
  blanks: some(' \n\t', 2_000),
  'one blank': ' '.repeat(2_000),
  'empty lines': '\n'.repeat(2_000),
  'control characters': Array.from({ length: 500 }, () => String.fromCharCode(draw(32))).join(''),
  code: `export const total = (items: readonly Item[]): number => items.reduce((sum, { price }) => sum + price * 1.19, 0)\n`.repeat(
    9,
  ),
  JSON: JSON.stringify({ id: 'a1-b2', list: [1, 2.5, null, { isOpen: true, name: 'Größe', tags: ['x', 'y'] }] }).repeat(
    9,
  ),
  'JSON with space': JSON.stringify({ a: { b: [1, 2, { c: 'd', e: null }] }, list: ['one', 'two'] }, null, 8).repeat(9),
}

test.each(Object.entries(corpora))('no tokenizer of OpenAI makes more of %s than is set aside', async (_name, text) => {
  for (let part = 0; part < 4; part++) {
    const piece = text.slice(Math.floor((part * text.length) / 8), Math.ceil(((part + 5) * text.length) / 8))
    expect(textWeight(piece) * margin).toBeGreaterThanOrEqual(await countTextTokens(piece))
  }
})

test('all scripts in one text stay within what is set aside', async () => {
  const pieces = Object.values(corpora)
  for (let round = 0; round < 40; round++) {
    const text = Array.from({ length: 8 }, () => {
      const piece = pieces[draw(pieces.length)] ?? ''
      const from = draw(piece.length)
      return piece.slice(from, from + 1 + draw(120))
    }).join('')
    expect(textWeight(text) * margin).toBeGreaterThanOrEqual(await countTextTokens(text))
  }
})

test('plain English is set aside at no more than one and a half', async () => {
  expect((textWeight(english) * margin) / (await countTextTokens(english))).toBeLessThan(1.5)
})

test('nothing weighs nothing', () => {
  expect(textWeight('')).toBe(0)
})
