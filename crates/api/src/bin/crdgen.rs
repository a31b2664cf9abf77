//! Writes the definitions to a folder, one file each: `crdgen crds`. `crates/api/tests` fails when they drift.

use std::path::PathBuf;

use kube::ResourceExt as _;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("usage: crdgen FOLDER")?);
    for definition in sentinel_api::definitions() {
        let path = folder.join(format!("{}.yaml", definition.name_any()));
        std::fs::write(path, sentinel_api::definition_text(&definition)?)?;
    }
    Ok(())
}
