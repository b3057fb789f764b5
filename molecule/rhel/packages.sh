#!/bin/sh
# Makes a repository of empty packages in /srv/repository. Arguments: NAME or NAME=VERSION
set -eu
mkdir -p /srv/repository
for each in "$@"; do
    name=${each%%=*}
    version=1.0
    [ "$name" = "$each" ] || version=${each#*=}
    printf '%s\n' "Name: $name" "Version: $version" 'Release: 1' 'Summary: empty' 'License: none' 'BuildArch: noarch' '%description' 'Empty.' '%files' > /tmp/spec
    rpmbuild --quiet -bb --define '_rpmdir /srv/repository' /tmp/spec
done
createrepo_c --quiet /srv/repository
