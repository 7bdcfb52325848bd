#!/bin/sh
# Fetches veraPDF, the reference validator of PDF/A, from Maven Central into build/verapdf/. It is one jar with all it
# needs and runs on Java 8 and later. Done once; then it does nothing.
set -eu

version=1.28.2
sha256=687d4d8bcfec48c9f7e931cf78ed061f1eeccfba55d4cdc000ba9b4d8aa46ce6
build=$(cd "$(dirname "$0")/../.." && pwd)/build/verapdf
jar=$build/greenfield-apps-$version.jar

if [ ! -e "$jar" ]; then
    if ! command -v mvn >/dev/null; then
        echo "veraPDF is not fetched: Maven is missing (apt-get install maven)." >&2
        exit 1
    fi
    echo "Fetching veraPDF $version (9.5 MB)"
    rm -rf "$build"
    mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy \
        "-Dartifact=org.verapdf.apps:greenfield-apps:$version" "-DoutputDirectory=$build/fetched"
    echo "$sha256  $build/fetched/$(basename "$jar")" | sha256sum --check --quiet -
    mv "$build/fetched/$(basename "$jar")" "$jar"
    rmdir "$build/fetched"
fi
