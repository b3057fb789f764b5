module infra-kit.lab/tools/stand-in

go 1.26.0
