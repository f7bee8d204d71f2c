/** True for what can only be the path of a file with a graph: a name of a definition ends otherwise. */
export function isGraphPath(name: string): boolean {
  return /\.(?:ya?ml|json)$/i.test(name)
}
