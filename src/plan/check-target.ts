import { isJsonObject } from '../base/index.ts';
import { type CapabilityContract, isOutside } from '../contract/index.ts';
import { type Check, checkFit, type Names, typeScope, under, unknownName } from './check-names.ts';
import type { CompiledStep } from './compile.ts';
import { type Fault, joinDotted } from './fault.ts';
import { type Form, formJsonSchema, formSchema } from './form.ts';
import { inferTemplate } from './infer-type.ts';
import { contractSchemas, type JsonSchema } from './json-schema.ts';
import type { TemplateNode } from './template.ts';

/** The capability or playbook that a step names: does it exist, and does what it gets fit? */
export function checkTarget(step: CompiledStep, scope: Names, check: Check): void {
  const { step: source, path } = step;
  if ('call' in source) {
    const contract = check.registry.capability(source.call);
    if (contract) checkInput(step, contract, scope, check);
    else
      check.faults.push(
        unknownName(
          `${path}.call`,
          source.call,
          'a capability that exists',
          check.registry.names?.capabilities ?? [],
          check,
        ),
      );
  }
  if ('play' in source) {
    const playbook = check.registry.playbook(source.play);
    if (playbook) checkArguments(step, inputSchema(playbook.input), scope, check);
    else
      check.faults.push(
        unknownName(
          `${path}.play`,
          source.play,
          'a playbook that exists',
          check.registry.names?.playbooks ?? [],
          check,
          'playbooks',
        ),
      );
  }
  if ('expand' in source) {
    for (const [index, ref] of (source.expand.allow ?? []).entries()) {
      if (check.registry.capability(ref)) continue;
      check.faults.push(
        unknownName(
          `${path}.expand.allow[${index}]`,
          ref,
          'a capability that exists',
          check.registry.names?.capabilities ?? [],
          check,
        ),
      );
    }
  }
  if ('ask' in source) {
    check.faults.push(...choiceFaults(source.ask.form, `${path}.ask.form`));
  }
}

/** Fields of a form that ask to choose from nothing. */
export function choiceFaults({ fields }: Form, path: string): readonly Fault[] {
  return fields.flatMap((field, index) => {
    if (field.kind !== 'choice' || field.choices) return [];
    return [
      {
        path: `${path}.fields[${index}].choices`,
        expected: 'the choices',
        found: 'nothing',
        remedy: 'List what can be chosen.',
      },
    ];
  });
}

function checkInput(
  step: CompiledStep,
  contract: CapabilityContract,
  scope: Names,
  check: Check,
): void {
  const before = check.faults.length;
  checkArguments(step, contractSchemas(contract).input, scope, check);
  const literal = step.templates.with?.node ?? { type: 'literal', value: {} };
  if (literal.type !== 'literal' || check.faults.length > before) return;
  const parsed = contract.input.safeParse(literal.value); // nothing is left open: the contract itself can say
  for (const issue of parsed.success ? [] : parsed.error.issues) {
    const at = joinDotted(`${step.path}.with`, issue.path.map(String).join('.'));
    check.faults.push({
      path: at,
      expected: `input that ${contract.name} accepts`,
      found: issue.message,
      remedy: `Correct ${at}.`,
    });
  }
}

function checkArguments(
  step: CompiledStep,
  wanted: JsonSchema | undefined,
  scope: Names,
  check: Check,
): void {
  const node: TemplateNode = step.templates.with?.node ?? { type: 'literal', value: {} };
  // A text of the template that cannot be read has its fault already; nothing can be said of its type.
  if (step.templates.with === undefined && 'with' in step.step && step.step.with !== undefined)
    return;
  const given = inferTemplate(node, typeScope(scope, check));
  // An argument that nobody reads is a misspelt one, also where the reader would drop it silently.
  const strict =
    wanted && isJsonObject(wanted.properties) && wanted.additionalProperties === undefined;
  checkFit(
    given,
    strict ? { ...wanted, additionalProperties: false } : wanted,
    `${step.path}.with`,
    check,
  );
}

/** A typed hole may be content of an effect, filled from the receipt of an earlier one. Nothing else. */
export function checkHoles(step: CompiledStep, check: Check): void {
  const template = step.templates.with;
  if (!template || template.holes.length === 0) return;
  const contract = 'call' in step.step ? check.registry.capability(step.step.call) : undefined;
  const refuse = (path: string, expected: string, found: string): void => {
    check.faults.push({
      path,
      expected,
      found,
      remedy: 'Let the step refer to the earlier one; it is asked about later then.',
    });
  };
  const look = (node: TemplateNode, path: string): void => {
    if (node.type === 'list')
      for (const [index, member] of node.members.entries())
        look(member, under(path, String(index)));
    if (node.type === 'object')
      for (const [name, member] of node.members) look(member, under(path, name));
    if (node.type !== 'receipt') return;
    const at = joinDotted(`${step.path}.with`, path);
    if (contract?.effect === 'grave')
      refuse(at, 'no hole in an act that cannot be delegated', 'a hole');
    const role = roleAt(contract, path);
    if (role && role !== 'content')
      refuse(at, `a value that is known when it is signed (${role})`, 'a hole');
    if (contract && !isOutside(contract.effect))
      refuse(at, 'a hole in an effect only', `a hole in a step of class ${contract.effect}`);
    if (!step.holes.includes(node.hole.step))
      refuse(at, 'the receipt of a step beside it', node.hole.step);
  };
  look(template.node, '');
}

/** The role of an argument: its own, or that of the argument around it. */
function roleAt(contract: CapabilityContract | undefined, path: string): string | undefined {
  const parts = path.split('.');
  for (let length = parts.length; contract && length > 0; length--) {
    const role = contract.roles[parts.slice(0, length).join('.')];
    if (role) return role;
  }
  return undefined;
}

/** The JSON Schema of a playbook's input, whichever of the two forms it is written in. */
export function inputSchema(input: JsonSchema | Form | undefined): JsonSchema | undefined {
  if (!input) return undefined;
  const form = 'fields' in input ? formSchema.safeParse(input) : undefined;
  return form?.success ? formJsonSchema(form.data) : (input as JsonSchema); // the other member of the union
}
