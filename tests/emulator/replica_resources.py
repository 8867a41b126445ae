"""CloudFormation: the replicas of a global table, which ministack leaves out.

CloudFormation template reference, AWS::DynamoDB::GlobalTable: the stack stands in one region, and looks after the
replicas of the others.
"""

import json

from ministack.core.responses import get_region
from ministack.services import dynamodb as aws
from ministack.services.cloudformation import provisioners

_KIND = "AWS::DynamoDB::GlobalTable"


def install() -> None:
    """Replace what ministack's table of resource types knows of global tables."""
    known = provisioners._RESOURCE_HANDLERS[_KIND]
    make, change, remove = known["create"], known["update"], known["delete"]

    def create(logical_id, properties, stack):
        made = make(logical_id, properties, stack)
        _replicate(made[0], properties)
        return made

    def update(physical_id, old, new, stack):
        made = change(physical_id, old, new, stack)
        _replicate(made[0] if isinstance(made, tuple) else made, new)
        return made

    def delete(physical_id, properties):
        if physical_id in aws._tables:
            _replicate(physical_id, {})
        remove(physical_id, properties)

    provisioners._RESOURCE_HANDLERS[_KIND] = {**known, "create": create, "update": update, "delete": delete}


def _replicate(name, properties) -> None:
    table = aws._tables[name]
    wanted = {replica["Region"] for replica in properties.get("Replicas") or []} - {get_region()}
    present = set(aws._replica_group(table)) - {get_region()}
    updates = [{"Create": {"RegionName": region}} for region in sorted(wanted - present)]
    updates += [{"Delete": {"RegionName": region}} for region in sorted(present - wanted)]
    problem = aws._apply_replica_updates(name, table, updates) if updates else None
    if problem:
        raise ValueError(json.loads(problem[2])["message"])
