"""What template.yaml says of its parameters, what can be wrong with their values, and what becomes of the sources."""

import ipaddress
import json
import re

MARK = "  # One silent tenant hides behind one that talks: here scripts/deploy puts a copy of SilenceAlarm for each source.\n"
# SHA-256 of `local-development-token`, which stands in the README.
PUBLISHED = "ccee612f8893b4f3cb54856a9473e1a832fb452187aa6ed7caa6d68ce4a1ffc2"
# AWS Lambda Developer Guide, "Creating and managing Lambda function URLs", as of 2026: regions without them.
NO_FUNCTION_URLS = (
    "ap-east-2 ap-south-2 ap-southeast-4 ap-southeast-5 ap-southeast-6 ap-southeast-7 ca-west-1 eu-central-2 eu-south-2 "
    "il-central-1 me-central-1"
).split()
# AWS Lambda Developer Guide, "Lambda quotas": bytes of all environment variables together. Lambda measures their JSON.
ENVIRONMENT_LIMIT = 4096


# What the template says of its parameters


def scalar(text):
    """Reads a YAML scalar or list, as far as the section of parameters has them."""
    if text.startswith("["):
        return [scalar(item.strip()) for item in text[1:-1].split(",")]
    if text.startswith("'"):
        return text[1:-1].replace("''", "'")
    return json.loads(text) if text.startswith('"') else text


def parameters_of(template):
    """Gives each parameter of the template with its attributes."""
    parameters, attributes, folded = {}, {}, None
    for line in section(template, "Parameters").splitlines():
        name, attribute = re.fullmatch(r"  (\w+):", line), re.fullmatch(r"    (\w+): (.*)", line)
        if name:
            attributes = parameters[name[1]] = {}
        elif attribute:
            folded = attribute[1] if attribute[2] == ">-" else None
            attributes[attribute[1]] = "" if folded else scalar(attribute[2])
        elif folded and line.startswith("      "):
            attributes[folded] = f"{attributes[folded]} {line.strip()}".strip()
    return parameters


# What can be wrong


def value_fault(name, value, parameter):
    """Says what is wrong with one value, or gives nothing."""
    if name == "TokenDigests":
        return digests_fault(value, parameter)
    if "AllowedValues" in parameter and value not in parameter["AllowedValues"]:
        return f"{name} must be one of {', '.join(parameter['AllowedValues'])}; got {value!r}"
    if "AllowedPattern" in parameter and not re.fullmatch(parameter["AllowedPattern"], value):
        return f"{name} {parameter['ConstraintDescription'].rstrip('.')}; got {value!r}"
    if parameter["Type"] == "Number":
        least, most = int(parameter.get("MinValue", 0)), int(parameter.get("MaxValue", 10**18))
        if not re.fullmatch("[0-9]{1,18}", value) or not least <= int(value) <= most:
            limits = f"from {least} to {most}" if "MaxValue" in parameter else f"of at least {least}"
            return f"{name} must be a whole number {limits}; got {value!r}"
    return None


def digests_fault(value, parameter):
    """Says which entry is wrong; never shows one, since it may be a token in the wrong place."""
    needs = "TOKEN_DIGESTS must be source=<digest>, comma-separated: a source of 1 to 32 of a-z, 0-9 and -, 64 hexadecimal digits"
    if not value:
        return f"{needs}; got nothing. make token makes a token and its digest"
    for number, entry in enumerate(value.split(","), 1):
        if not re.fullmatch("[a-z0-9-]{1,32}=[0-9a-fA-F]{64}", entry.strip(" ")):
            return f"{needs}; entry {number} is something else"
        if entry.strip(" ").lower().endswith(f"={PUBLISHED}"):
            return f"TOKEN_DIGESTS holds the published digest of local-development-token in entry {number}; make token makes one of your own"
    if not re.fullmatch(parameter["AllowedPattern"], value):
        return "TOKEN_DIGESTS has one digest under two sources; each source needs a token of its own"
    return None


def faults(values, parameters, stack, region, template):
    """Returns a sentence for each fault of all values together."""
    found = [value_fault(name, values[name], parameters[name]) for name in values]
    if any(found):
        return [sentence for sentence in found if sentence]
    if 0 < int(values["ExpireAfterDays"]) <= int(values["ColdAfterDays"]):
        found.append(f"ExpireAfterDays must be more than ColdAfterDays, {values['ColdAfterDays']}; got {values['ExpireAfterDays']}")
    size = environment_size(template, values, stack, region)
    if size > ENVIRONMENT_LIMIT:
        found.append(
            f"the function's environment would take {size} bytes of the {ENVIRONMENT_LIMIT} that Lambda allows; "
            f"TOKEN_DIGESTS has {len(digests(values['TokenDigests']))} digests: put some sources on a second stack, or name fewer SourceCidrs"
        )
    if region in NO_FUNCTION_URLS:
        found.append(f"AWS Lambda has no Function URLs in {region} (its guide, 2026; if it has them now, take it out of scripts/template.py)")
    found += [silence_fault(values), gaps_fault(values), *rule_faults(template, values)]
    return [sentence for sentence in found if sentence]


def split_list(text):
    """Splits the inside of a YAML list at its own commas, and not at those of a list in it or of a quoted text."""
    items, depth, quoted = [""], 0, False
    for letter in text:
        quoted ^= letter == '"'
        depth += (letter == "[") - (letter == "]") if not quoted else 0
        if letter == "," and not depth and not quoted:
            items.append("")
        else:
            items[-1] += letter
    return [item.strip() for item in items]


def evaluated(text, names, conditions):
    """Evaluates an expression that the template has on one line; None stands for AWS::NoValue."""
    tag, _, rest = text.partition(" ")
    if not tag.startswith("!"):
        return scalar(text)
    if tag == "!Ref":
        return names[rest]
    if tag == "!Sub":
        return re.sub(r"\$\{([\w:]+)\}", lambda name: names[name[1]], scalar(rest))
    if tag == "!Condition":
        return evaluated(conditions[rest], names, conditions)
    items = split_list(rest[1:-1])
    if tag == "!If":
        return evaluated(items[1 if evaluated(conditions[items[0]], names, conditions) else 2], names, conditions)
    items = [evaluated(item, names, conditions) for item in items]
    return {"!Equals": lambda: items[0] == items[1], "!Not": lambda: not items[0], "!And": lambda: all(items), "!Or": lambda: any(items)}[tag]()


def section(template, name):
    return re.split(r"\n(?=\w)", template.split(f"\n{name}:\n")[1])[0]


def environment_size(template, values, stack, region):
    """Returns the size of the largest environment of a function, in bytes as Lambda counts them.

    CloudFormation makes up the names of what it makes; they count as long as they can be.
    """
    queue = f"https://sqs.{region}.amazonaws.com{'.cn' if region.startswith('cn-') else ''}/{12 * '0'}/{f'{stack}-Batches-'[:67]}{13 * 'x'}"
    made = {"LakeBucket": 63 * "x", "Batches": queue, "AWS::AccountId": 12 * "0", "AWS::StackName": stack, "AWS::NoValue": None}
    names, conditions = {**values, **made}, dict(re.findall(r"^  (\w+): (!.+)$", section(template, "Conditions"), re.M))
    sizes = [0]
    for block in re.findall(r"\n      Environment:\n        Variables:\n((?: {10}.+\n)+)", template):
        if "TOKEN_DIGESTS: " in block:
            variables = {name: evaluated(text, names, conditions) for name, text in re.findall(r"^ {10}(\w+): (.+)$", block, re.M)}
            sizes.append(len(json.dumps({name: value for name, value in variables.items() if value is not None}, separators=(",", ":"))))
    return max(sizes)


def rule_faults(template, values):
    """Returns what CloudFormation would say of the template's rules, before anything is built."""
    rule = r"RuleCondition: (.+)\n    Assertions:\n      - Assert: (.+)\n        AssertDescription: (.+)"
    for condition, asserted, sentence in re.findall(rule, section(template, "Rules")):
        if evaluated(condition, values, {}) and not evaluated(asserted, values, {}):
            yield sentence.rstrip(".")


# Sources and their digests


def digests(value):
    """Gives the list as (source, digest)."""
    pairs = (entry.strip().partition("=") for entry in value.split(","))
    return [(source, digest.lower()) for source, _, digest in pairs if digest]


def grouped(value):
    """Gives the set of digests of each source."""
    groups = {}
    for source, digest in digests(value):
        groups.setdefault(source, set()).add(digest)
    return groups


def changes(before, after):
    """Describes what becomes of each source, and gives those whose every deployed token would be refused."""
    before, after, lines, cut_off = grouped(before), grouped(after), [], []
    for source in sorted({**before, **after}):
        old, new = before.get(source, set()), after.get(source, set())
        counts = [(len(new & old), "kept"), (len(new - old), "added"), (len(old - new), "removed")]
        lines.append(f"source {source}: " + ", ".join(f"{count} {what}" for count, what in counts if count))
        if old and not old & new:
            cut_off.append(source)
    return lines, cut_off


def silence_sources(values):
    """Gives the sources that get an alarm of their own."""
    if values["SilenceSources"] == "NONE":
        return []
    if values["SilenceSources"]:
        return list(dict.fromkeys(values["SilenceSources"].split(",")))
    sources = list(grouped(values["TokenDigests"]))
    return sources if len(sources) > 1 else []


def silence_fault(values):
    sources, ids = silence_sources(values), {}
    for source in sources:
        if source not in grouped(values["TokenDigests"]):
            return f"SilenceSources names {source}, which has no digest in TOKEN_DIGESTS"
        other = ids.setdefault(logical_id(source), source)
        if other != source:
            return f"{other} and {source} differ by hyphens alone, so only one can have an alarm: say SilenceSources=… in PARAMETERS"
    return None


def gaps_fault(values):
    """Says whose log is compared with Auth0's, where that is not clear."""
    if not values["GapsAuth0Domain"]:
        return None
    sources, source = sorted(grouped(values["TokenDigests"])), values["GapsSource"]
    if source and source not in sources:
        return f"GapsSource names {source}, which has no digest in TOKEN_DIGESTS"
    if not source and len(sources) > 1:
        return f"GapsAuth0Domain needs GapsSource, the tenant's source, for there are several: {', '.join(sources)}"
    return None


def cidrs_of(text, region):
    """Reads Auth0's ip-ranges.json; returns the region's CIDRs, sorted, and when the list was updated.

    The file: https://auth0.com/docs/secure/security-guidance/data-security/allowlist, "Machine-readable list".
    """
    try:
        ranges = json.loads(text)
        regions = {name.upper(): list(entry["ipv4_cidrs"]) + list(entry.get("ipv6_cidrs", [])) for name, entry in ranges["regions"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"this is not Auth0's ip-ranges.json: {type(error).__name__} {error}") from error
    if region.upper() not in regions:
        raise ValueError(f"REGION must be one of {', '.join(sorted(regions))}; got {region!r}")
    networks = {ipaddress.ip_network(cidr) for cidr in regions[region.upper()]}
    if not networks:
        raise ValueError(f"the file has no address of {region.upper()}")
    return sorted(networks, key=lambda network: (network.version, network)), str(ranges.get("last_updated_at", "an unknown time"))


def logical_id(source):
    return "SilenceOf" + source.replace("-", "")


def with_silence_alarms(template, sources):
    """Gives the template with a copy of SilenceAlarm for each source."""
    alarm = "  SilenceAlarm:\n" + template.split("\n  SilenceAlarm:\n")[1].split("\n\n")[0] + "\n\n"
    copies = ""
    for source in sources:
        copies += replaced(
            alarm,
            ("  SilenceAlarm:", f"  {logical_id(source)}:"),
            ("No event was stored", f"No event of the source {source} was stored"),
            ("Value: !Ref AWS::StackName}]", f'Value: !Ref AWS::StackName}}, {{Name: source, Value: "{source}"}}]'),
        )
    return replaced(template, (MARK, copies)).replace("CodeUri: target/deploy/receiver\n", "CodeUri: receiver\n")


def with_gaps_check(template, values):
    """Gives the template with the package of the check; where it is off, SAM still asks for one, and the receiver's stands in."""
    package = "gaps-check" if values["GapsAuth0Domain"] else "receiver"
    return replaced(template, ("CodeUri: target/deploy/gaps-check\n", f"CodeUri: {package}\n"))


def replaced(text, *pairs):
    for old, new in pairs:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text
