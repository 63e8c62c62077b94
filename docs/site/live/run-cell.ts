type Scope = Record<string, unknown>

const AsyncFunction = (async () => {}).constructor as new (
  ...given: string[]
) => (scope: Scope) => Promise<void>

/** What a cell declares at the beginning of a line is there for the cells after it. */
const shared = (code: string): string =>
  code
    .replace(/^(?:const|let) (\w+) = /gm, 'scope.$1 = ')
    .replace(
      /^(async )?function (\w+)\(/gm,
      (_, isAsync = '', name) => `scope.${name} = ${isAsync}function (`,
    )

/** Runs the code of a cell among what earlier cells have declared. */
export const runCell = (code: string, scope: Scope): Promise<void> =>
  new AsyncFunction('scope', `with (scope) {\n${shared(code)}\n}`)(scope)
