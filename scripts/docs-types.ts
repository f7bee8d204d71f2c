// Reads from TypeScript source which members a table of types has, so that pages can be compared with it.
import { parseSync, type TSType, type TSSignature } from 'oxc-parser'

/**
 * The fields of each entry, sorted, optional ones with `?`. Of an interface the entries are its members; of a union of
 * object types they are its parts, named by their `type`, which is left out of the fields.
 */
export function readFields(source: string, name: string): Record<string, string[]> {
  const { program } = parseSync('source.ts', source)
  const interfaces = new Map<string, readonly TSSignature[]>()
  let union: TSType | undefined
  for (const statement of program.body) {
    const declaration = statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement
    if (declaration?.type === 'TSInterfaceDeclaration') interfaces.set(declaration.id.name, declaration.body.body)
    if (declaration?.type === 'TSTypeAliasDeclaration' && declaration.id.name === name)
      union = declaration.typeAnnotation
  }
  const members = interfaces.get(name)
  if (members) {
    return Object.fromEntries(
      members.flatMap((member) =>
        member.type === 'TSPropertySignature' && member.typeAnnotation
          ? [[keyOf(member), fieldsOf(member.typeAnnotation.typeAnnotation, interfaces)]]
          : [],
      ),
    )
  }
  if (union?.type !== 'TSUnionType') throw new Error(`${name} is neither an interface nor a union`)
  return Object.fromEntries(
    union.types.map((part) => [typeOf(part), fieldsOf(part, interfaces).filter((field) => field !== 'type')]),
  )
}

function fieldsOf(type: TSType, interfaces: ReadonlyMap<string, readonly TSSignature[]>): string[] {
  switch (type.type) {
    case 'TSTypeLiteral':
      return namesOf(type.members)
    case 'TSIntersectionType':
      return type.types.flatMap((part) => fieldsOf(part, interfaces)).toSorted()
    case 'TSTypeReference':
      return type.typeName.type === 'Identifier' ? namesOf(interfaces.get(type.typeName.name) ?? []) : []
    default:
      throw new Error(`fields of a ${type.type} cannot be read`)
  }
}

function namesOf(members: readonly TSSignature[]): string[] {
  return members
    .flatMap((member) =>
      member.type === 'TSPropertySignature' ? [`${keyOf(member)}${member.optional ? '?' : ''}`] : [],
    )
    .toSorted()
}

function typeOf(part: TSType): string {
  const members = part.type === 'TSTypeLiteral' ? part.members : []
  for (const member of members) {
    if (member.type !== 'TSPropertySignature' || keyOf(member) !== 'type') continue
    const type = member.typeAnnotation?.typeAnnotation
    if (type?.type === 'TSLiteralType' && type.literal.type === 'Literal') return String(type.literal.value)
  }
  throw new Error('a part of the union has no type')
}

function keyOf(member: Extract<TSSignature, { type: 'TSPropertySignature' }>): string {
  if (member.key.type === 'Identifier') return member.key.name
  if (member.key.type === 'Literal') return String(member.key.value)
  throw new Error('a member has no plain name')
}
