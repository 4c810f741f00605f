use super::*;
use crate::cli::Shard;

/// A tree with two images by content, whatever their names are.
struct Tree(tempfile::TempDir);

impl Tree {
    fn new() -> Self {
        let tree = Self(tempfile::tempdir().unwrap());
        for folder in ["shelf/a", "shelf/b/deep", "shelf/.hidden", "out"] {
            std::fs::create_dir_all(tree.at(folder)).unwrap();
        }
        let mut image = vec![0; 18 * 2048];
        image[16 * 2048 + 1..][..5].copy_from_slice(b"CD001");
        for name in ["a/ONE.iso", "b/deep/TWO.data", ".hidden/X.iso", ".THREE.cso.part", "b/deep/._TWO.iso"] {
            std::fs::write(tree.at("shelf").join(name), &image).unwrap();
        }
        std::fs::write(tree.at("shelf/readme.txt"), "no image").unwrap();
        std::fs::write(tree.at("shelf/b/cover.jpg"), "no image either").unwrap();
        tree
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn gather(&self, names: &[&str], tree: &TreeArgs) -> Inputs {
        let named: Vec<_> = names.iter().map(|name| self.at(name)).collect();
        Inputs::gather(&named, tree, Some(&self.at("out")), |_| true).unwrap()
    }

    fn names(&self, inputs: &Inputs) -> Vec<String> {
        let name =
            |path: &Path| path.strip_prefix(self.0.path()).unwrap().to_string_lossy().replace('\\', "/");
        inputs.files.iter().map(|input| name(&input.path)).collect()
    }
}

fn recursive() -> TreeArgs {
    TreeArgs { recursive: true, ..TreeArgs::default() }
}

#[test]
fn images_are_found_by_content_and_the_rest_is_counted() {
    let tree = Tree::new();
    let inputs = tree.gather(&["shelf"], &recursive());
    assert_eq!(tree.names(&inputs), ["shelf/a/ONE.iso", "shelf/b/deep/TWO.data"]);
    assert_eq!(inputs.left_alone, 2);
    assert_eq!(inputs.notes[0].1, "2 files left alone: 1 .jpg, 1 .txt");
    assert!(inputs.failures.is_empty());
    let below: Vec<_> = inputs.files.iter().map(|input| input.below.clone().unwrap()).collect();
    assert_eq!(below, [Path::new("a"), &Path::new("b").join("deep")]);
}

#[test]
fn files_are_taken_once_however_they_are_reached() {
    let tree = Tree::new();
    let inputs = tree.gather(&["shelf/b", "shelf", "shelf/a", "shelf/a/ONE.iso"], &recursive());
    assert_eq!(tree.names(&inputs), ["shelf/b/deep/TWO.data", "shelf/a/ONE.iso"]);
    // A folder that was walked before is not one without images.
    assert!(inputs.failures.is_empty(), "{:?}", inputs.failures);
}

#[test]
fn folder_stays_a_folder_without_being_asked() {
    let tree = Tree::new();
    let inputs = tree.gather(&["shelf"], &TreeArgs::default());
    assert_eq!(inputs.files, [Input { path: tree.at("shelf"), below: None, look: None }]);
}

#[test]
fn output_folder_is_not_searched_unless_it_is_the_input() {
    let tree = Tree::new();
    std::fs::copy(tree.at("shelf/a/ONE.iso"), tree.at("out/OLD.iso")).unwrap();
    let named = [tree.0.path().to_owned()];
    let all = Inputs::gather(&named, &recursive(), Some(&tree.at("out")), |_| true).unwrap();
    assert_eq!(tree.names(&all), ["shelf/a/ONE.iso", "shelf/b/deep/TWO.data"]);
    assert_eq!(tree.names(&tree.gather(&["out"], &recursive())), ["out/OLD.iso"]);
}

#[test]
fn folder_without_images_is_a_mistake() {
    let tree = Tree::new();
    let inputs = tree.gather(&["out"], &recursive());
    assert!(matches!(inputs.failures[..], [(_, Failure::NoImages)]));
    // But not if there are images that this verb does not take.
    let named = [tree.at("shelf")];
    let none = Inputs::gather(&named, &recursive(), None, |_| false).unwrap();
    assert!(none.files.is_empty() && none.failures.is_empty());
    assert_eq!(none.left_alone, 4);
}

#[test]
fn shards_are_disjoint_and_complete() {
    let tree = Tree::new();
    for number in 0..20 {
        std::fs::copy(tree.at("shelf/a/ONE.iso"), tree.at(&format!("shelf/a/{number}.iso"))).unwrap();
    }
    let all = tree.names(&tree.gather(&["shelf"], &recursive()));
    let mut union = Vec::new();
    for index in 0..3 {
        let shard = TreeArgs { shard: Some(Shard { index, count: 3 }), ..recursive() };
        let part = tree.gather(&["shelf"], &shard);
        assert_eq!(part.files.len() as u64 + part.elsewhere, all.len() as u64);
        union.extend(tree.names(&part));
    }
    let mut sorted = all.clone();
    sorted.sort();
    union.sort();
    assert_eq!(union, sorted);
}

#[cfg(unix)]
#[test]
fn links_to_files_are_followed_once_and_links_to_folders_never() {
    use std::os::unix::fs::symlink;
    let tree = Tree::new();
    std::fs::copy(tree.at("shelf/a/ONE.iso"), tree.at("out/FAR.iso")).unwrap();
    symlink("..", tree.at("shelf/a/loop")).unwrap();
    symlink("../out", tree.at("shelf/elsewhere")).unwrap();
    symlink("a/ONE.iso", tree.at("shelf/A-LINK.iso")).unwrap();
    symlink("../out/FAR.iso", tree.at("shelf/FAR.iso")).unwrap();
    symlink("../out/FAR.iso", tree.at("shelf/FAR2.iso")).unwrap();
    symlink("none", tree.at("shelf/dangling.iso")).unwrap();
    let inputs = tree.gather(&["shelf"], &recursive());
    assert_eq!(tree.names(&inputs), ["shelf/FAR.iso", "shelf/a/ONE.iso", "shelf/b/deep/TWO.data"]);
    assert!(inputs.notes[0].1.contains("2 links to folders"), "{:?}", inputs.notes);
    let [(path, Failure::Open(_))] = &inputs.failures[..] else { panic!("{:?}", inputs.failures) };
    assert_eq!(*path, tree.at("shelf/dangling.iso"));
}
