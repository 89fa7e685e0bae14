-- What may be claimed is found without reading the rows of lanes that must wait: there may be thousands.
DROP INDEX actions_open;
CREATE INDEX actions_open ON actions (service, priority, at, id, lane) WHERE state IN ('planned', 'doing');
