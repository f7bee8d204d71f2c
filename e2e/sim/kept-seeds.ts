/** Seeds that found something in the product or in the harness, each with what it was: run with every change. */
export const keptSeeds: Readonly<Record<string, string>> = {
  '11': 'a run failed because the store of the limits was away for a moment',
  '27': 'a signal that came between an end and a resume',
  '137': 'an append to a run whose creation got lost',
  '774': 'an engine that was cut off drove a run again that had been reopened and was driven by another',
  '826': 'appends of a run that was given up came after it was read, and went between those of its next driver',
  '964': 'the simulation: a timer that was stopped after a pause of its process rang all the same',
  '975': 'appends of a run that was given up came after it was read',
  '1071': 'a child was created, the answer got lost, and nobody drove it',
  '1223': 'an append behind one that got lost',
  '1255': 'a signal for a run that was failing',
  '2156': 'the cancel of a child, or the reading of mail, failed once and was not tried again',
  '3032': 'a run that was on its way back to the queue was driven again',
  '4114': 'a run that was cancelled before a person decided, and resumed',
  '4191': 'an engine was taken over by one that did not live to hear of it',
  '10035': 'two steps became unknown while their run ended, and it was resumed',
  '5112': 'a claim was refused by a full disk, and nothing was claimed any more',
}
