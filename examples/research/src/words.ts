const stopWords = new Set(
  `a about after all an and any are as at be because been before by can come did do does for from had has have how in into is it its
  many much of on or our so than that the their them then there they this to was we were what when where which while who whom whose why
  will with would you your`.split(/\s+/),
)

/** The words of a text that say what it is about, as stems: `crossings` and `crossing` are one. */
export function stemsOf(text: string): readonly string[] {
  return (text.toLowerCase().match(/[\p{L}\p{N}][\p{L}\p{N}.,'-]*/gu) ?? [])
    .map((word) => word.replace(/[.,'-]+$/, ''))
    .filter((word) => word.length > 1 && !stopWords.has(word))
    .map(stem)
}

/** Crude, and the same for questions and documents. */
function stem(word: string): string {
  if (/\d/.test(word) || word.length < 4) return word
  return word
    .replace(/(?:ies|es|s)$/, '')
    .replace(/(?:ing|ed)$/, '')
    .replace(/e$/, '')
}
