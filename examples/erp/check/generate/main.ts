import { generateCompany, writeCompany } from './generate-company.ts'

/** `node check/generate/main.ts SEED FOLDER [EXPECTED_FILE]`: writes the company of a seed. */
const [seed, folder, expectedFile] = process.argv.slice(2)
if (seed === undefined || folder === undefined || !/^\d+$/.test(seed)) {
  process.stderr.write('usage: node check/generate/main.ts SEED FOLDER [EXPECTED_FILE]\n')
  process.exitCode = 2
} else {
  writeCompany(generateCompany(Number(seed)), folder, expectedFile)
}
