export { openFileArchive, type FileArchiveOptions } from './file-archive.ts'
