//! Which jobs a change concerns.

/// The names of the jobs that `changed` paths concern, in the jobs' order. A path that no job names
/// concerns every job: it is better to test too much than to miss a new folder.
pub fn affected_jobs(jobs: &[(String, Vec<String>)], changed: &[String]) -> Vec<String> {
    let concerns = |paths: &[String], file: &str| {
        paths.iter().any(|path| file == path || (path.ends_with('/') && file.starts_with(path.as_str())))
    };
    let unknown = changed.iter().any(|file| !jobs.iter().any(|(_, paths)| concerns(paths, file)));
    jobs.iter()
        .filter(|(_, paths)| unknown || changed.iter().any(|file| concerns(paths, file)))
        .map(|(name, _)| name.clone())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn affected(changed: &[&str]) -> Vec<String> {
        let job = |name: &str, paths: &[&str]| {
            (name.to_owned(), paths.iter().map(|&path| path.to_owned()).collect())
        };
        let jobs = [job("backend", &["backend/", "Cargo.lock"]), job("frontend", &["frontend/"])];
        affected_jobs(&jobs, &changed.iter().map(|&file| file.to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn a_change_concerns_the_jobs_that_name_its_path() {
        assert_eq!(affected(&["frontend/src/a.ts"]), ["frontend"]);
        assert_eq!(affected(&["Cargo.lock"]), ["backend"]);
        assert_eq!(affected(&["frontend/a", "backend/b"]), ["backend", "frontend"]);
        assert!(affected(&[]).is_empty());
    }

    #[test]
    fn an_unknown_path_concerns_every_job() {
        assert_eq!(affected(&["new/x"]), ["backend", "frontend"]);
        assert_eq!(affected(&["Cargo.lock.bak"]), ["backend", "frontend"]);
    }
}
