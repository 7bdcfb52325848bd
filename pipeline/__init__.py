"""From a scanner's file to a read page and a searchable PDF; one module a stage."""
