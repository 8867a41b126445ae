"""CloudFormation: the key of a topic, which ministack leaves out, and with it what publishing needs."""

from ministack.services import sns as aws
from ministack.services.cloudformation import provisioners

_KIND = "AWS::SNS::Topic"


def install() -> None:
    """Replace what ministack's table of resource types knows of topics."""
    known = provisioners._RESOURCE_HANDLERS[_KIND]
    make = known["create"]

    def create(logical_id, properties, stack):
        made = make(logical_id, properties, stack)
        if properties.get("KmsMasterKeyId"):
            aws._topics[made[0]]["attributes"]["KmsMasterKeyId"] = properties["KmsMasterKeyId"]
        return made

    provisioners._RESOURCE_HANDLERS[_KIND] = {**known, "create": create}
