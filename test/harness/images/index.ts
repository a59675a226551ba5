import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { goProgramKey, type Binaries } from '../cluster/binaries.js'
import { cached, keyOf } from '../cluster/cache.js'
import { step, type Log } from '../cluster/progress.js'
import type { Places } from '../cluster/settings.js'
import { FURTHER_PROGRAMS, GO_PROGRAMS } from '../cluster/versions.js'
import { busybox } from './busybox.js'
import { connector } from './connector.js'
import { coredns } from './coredns.js'
import { crane } from './crane.js'
import { debian } from './debian.js'
import { distribution } from './distribution.js'
import { kaniko } from './kaniko.js'
import { mirror } from './mirror.js'
import { writeImage, type Descriptor, type Image } from './oci.js'
import { pause } from './pause.js'
import type { Recipe } from './recipe.js'
import { registry } from './registry.js'
import { runner } from './runner.js'

export type { Image } from './oci.js'

/** All images of the cluster, each after those that it is made from. */
const RECIPES: readonly Recipe[] = [
  pause,
  debian,
  busybox,
  registry,
  coredns,
  mirror,
  crane,
  kaniko,
  distribution,
  connector,
  runner
]

/** Which content stands behind which name. */
export function contentsOf(images: readonly Image[]): readonly (readonly [string, Descriptor['digest']])[] {
  return images.map(({ reference, manifest }) => [reference, manifest.digest])
}

/** Makes the images that are not in the cache; `recipes` limits it to some, each after those that it is made from. */
export async function buildImages(
  places: Places,
  binaries: Binaries,
  log: Log,
  recipes: readonly Recipe[] = RECIPES
): Promise<Image[]> {
  for (const recipe of recipes) void machine(recipe)
  const images = new Map<string, Image>()
  const keys = new Map<string, string>()
  for (const recipe of recipes) {
    const key = await recipeKey(recipe, keys)
    keys.set(recipe.name, key)
    const directory = join(places.cache, 'images', `${recipe.name}-${key}`)
    await cached(directory, into =>
      step(log, `image ${recipe.reference}`, () => make(recipe, into, directory, binaries, images))
    )
    images.set(recipe.name, JSON.parse(readFileSync(join(directory, 'image.json'), 'utf8')) as Image)
  }
  return [...images.values()]
}

/** Recipes that need nothing but Debian packages: they can be made while Go compiles. */
export const PLAIN_RECIPES = RECIPES.filter(recipe => recipe.programs.length === 0)

async function recipeKey(recipe: Recipe, keys: ReadonlyMap<string, string>): Promise<string> {
  const programs = await Promise.all(
    [...GO_PROGRAMS, ...FURTHER_PROGRAMS].filter(({ name }) => recipe.programs.includes(name)).map(goProgramKey)
  )
  const text = ['oci', 'root', recipe.name].map(name => readFileSync(join(import.meta.dirname, `${name}.ts`), 'utf8'))
  const bases = recipe.from.map(name => keys.get(name) ?? '')
  return keyOf(recipe.reference, await machine(recipe), ...programs, ...text, ...bases)
}

const machines = new Map<string, Promise<string>>()

/** What a recipe takes from this machine, asked once per process: apt answers slowly. */
function machine(recipe: Recipe): Promise<string> {
  const answer = machines.get(recipe.name) ?? recipe.machine?.() ?? Promise.resolve('')
  machines.set(recipe.name, answer)
  return answer
}

async function make(
  recipe: Recipe,
  into: string,
  directory: string,
  binaries: Binaries,
  images: ReadonlyMap<string, Image>
): Promise<void> {
  const scratch = `${directory}.root`
  rmSync(scratch, { recursive: true, force: true })
  mkdirSync(scratch, { mode: 0o755 })
  const base = (name: string): Image => {
    const image = images.get(name)
    if (image === undefined) throw new Error(`${recipe.name} is listed before ${name}`)
    return image
  }
  try {
    const { layers, defaults } = await recipe.build({ image: into, scratch, binaries, base })
    const written = JSON.stringify(writeImage(into, recipe.reference, layers, defaults))
    // Paths in it are those of the finished entry.
    writeFileSync(join(into, 'image.json'), written.replaceAll(into, directory))
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}
