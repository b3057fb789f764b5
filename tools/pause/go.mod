module infra-kit.lab/tools/pause

go 1.26.0
