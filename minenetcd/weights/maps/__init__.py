"""Name rules and options of published weights, by model."""

from types import ModuleType

from minenetcd.weights.maps import (
    a2net,
    afcf3d,
    bit,
    cgnet,
    changeformer,
    dminet,
    dtcdscn,
    fc_ef,
    fcnpp,
    hcgmnet,
    icifnet,
    minenetcd,
    mspsnet,
    rdpnet,
    resunet,
    siamunet_conc,
    siamunet_diff,
    snunet,
    tfi_gr,
    tinycd,
)

MAPS: dict[str, ModuleType] = {
    "a2net": a2net,
    "afcf3d": afcf3d,
    "bit": bit,
    "cgnet": cgnet,
    "changeformer": changeformer,
    "dminet": dminet,
    "dtcdscn": dtcdscn,
    "fc_ef": fc_ef,
    "fcnpp": fcnpp,
    "hcgmnet": hcgmnet,
    "icifnet": icifnet,
    "minenetcd": minenetcd,
    "mspsnet": mspsnet,
    "rdpnet": rdpnet,
    "resunet": resunet,
    "siamunet_conc": siamunet_conc,
    "siamunet_diff": siamunet_diff,
    "snunet": snunet,
    "tfi_gr": tfi_gr,
    "tinycd": tinycd,
}
