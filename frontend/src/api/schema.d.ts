// Generated from backend/openapi.json by `npm run gen:api`. Change the backend, not this file.

export interface paths {
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether the process is up. It asks nothing else, so a lost database does not restart the server. */
        get: operations["healthz"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Numbers for Prometheus, in the OpenMetrics text format. They name no project and need no token; where they should not
         *     be public, let the proxy keep `/metrics` to itself.
         */
        get: operations["prometheus_metrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** This document. */
        get: operations["openapi"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether requests can be served: the database can be reached, is at head, and has no contract step unknown here. */
        get: operations["readyz"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/board": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What runs where, and the newest commits. Polling costs a 304 while nothing changes. */
        get: operations["board"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/commits": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The commits of the default branch with what became of them, newest first. */
        get: operations["list_commits"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/commits/{sha}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All that is known about one commit. */
        get: operations["commit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/decisions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Whether a digest may be deployed to an environment, with what speaks against it and for it. A digest that nothing
         *     is known of may not. It is answered by the same rules that make incidents afterwards.
         */
        get: operations["decide"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/deployments/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Announces a deployment under an identity that the caller chose. The same body again changes nothing. */
        put: operations["start_deployment"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/deployments/{id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Tells what a deployment has come to. The same state under the same number again changes nothing. */
        post: operations["advance_deployment"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/environments/{environment}/services/{service}/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The deployments of a service to an environment, newest first. */
        get: operations["history"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/environments/{environment}/services/{service}/rollback-candidates": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The digests that ran in a cell before, what ran last first, and whether one can go back to each. */
        get: operations["candidates"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Server-sent events: one named `board`, with the data `{"version": …}` and the id `<epoch>-<version>`, at once and then
         *     whenever anything changes that the board or another answer shows; and a comment after 15 seconds without one. A
         *     caller who comes back with the header `Last-Event-ID` is told at once only if something has changed meanwhile.
         */
        get: operations["events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/evidence": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Records a batch of evidence. One bad document never loses the good ones; the same document twice is
         *     recorded once.
         */
        post: operations["record_evidence"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/export.ndjson": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The whole log of a project, one document a line, in the order in which it was recorded. An answer that was cut off
         *     lacks its last chunk; `after` goes on from any line.
         * @description Anyone can check that nothing was changed, left out or put in between. A line's `sha256` is the SHA-256 of its
         *     `evidence` exactly as it stands there. The chain begins with the SHA-256, in hexadecimal digits, of
         *     `portbook.chain/v1`, a line feed and the project's name. The chain's hash after a line is the SHA-256, in hexadecimal
         *     digits, of the hash before it and the line's `sha256`, both as hexadecimal digits, one after the other; a line's
         *     `prev_hash` is the chain's hash before it, or null in lines that are older than the chain.
         */
        get: operations["export"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/hooks/github": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Keeps an event of GitHub for the worker. It is answered when it is durable; GitHub may send it as often as
         *     it likes, it counts once.
         */
        post: operations["receive_github_event"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/images/{digest}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All that is known about one image. */
        get: operations["image"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/incidents": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Breaches of the rules, newest first. Without `state`, those that last. */
        get: operations["list_incidents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/incidents/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One incident. Its ETag is what `If-Match` has to name to acknowledge it. */
        get: operations["incident"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/incidents/{id}/ack": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Writes down that somebody has seen an incident, which must still be the one that `If-Match` names. */
        post: operations["acknowledge_incident"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The measures that there are, with their goals and formulas. */
        get: operations["list_metrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/metrics/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A measure over a window of time, with what it was counted from. What is not known never counts as a success. */
        get: operations["metric"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/oidc/exchange": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Exchanges the token that GitHub Actions gave to a job for one of the ledger's that lasts ten minutes. What it may do is
         *     what `portbook admin github trust` says of the repository, its owner, the workflow and the environment.
         */
        post: operations["exchange_oidc_token"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tags": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What tags named in the course of time, newest first: as who published them says, and as the registry was seen to
         *     answer.
         */
        get: operations["list_tags"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/version": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What this server is. It is answered without the database, too. */
        get: operations["version"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description That somebody has seen an incident. */
        Acknowledgement: {
            /** @description Who. */
            actor: string;
            /**
             * Format: date-time
             * @description When, RFC 3339.
             */
            at: string;
            /** @description What they had to say; null if nothing. */
            note: string | null;
        };
        /** @description What goes with it. */
        Acknowledging: {
            /** @description What there is to say, 1 to 2000 characters. */
            note?: string;
        };
        /**
         * @description Yes or no.
         * @enum {string}
         */
        Answer: "allow" | "deny";
        /** @description A deployment that did not succeed. */
        Attempt: {
            /**
             * Format: date-time
             * @description When, RFC 3339.
             */
            at: string;
            /** @description The commit that should have run. */
            commit: components["schemas"]["CommitSha"];
            /** @description How it ended. */
            outcome: components["schemas"]["Outcome"];
        };
        /** @description What runs where, and what is on its way. */
        Board: {
            /** @description The newest commits, newest first. */
            commits: components["schemas"]["Commit"][];
            /** @description The columns, in their order. */
            environments: components["schemas"]["Name"][];
            /**
             * Format: int64
             * @description How many incidents are open, those of no cell included.
             */
            incidents: number;
            /** @description The rows, by project and name. */
            services: components["schemas"]["Service"][];
            /**
             * Format: int64
             * @description Grows whenever anything on the board changes; also in the `ETag`.
             */
            version: number;
        };
        /**
         * @description Whether a build started with a filled cache.
         * @enum {string}
         */
        BuildCache: "cold" | "warm";
        /** @description An image that was built. */
        Built: {
            /**
             * Format: date-time
             * @description When, RFC 3339.
             */
            at: string;
            cache: components["schemas"]["BuildCache"] | null;
            /** @description The commit. */
            commit: components["schemas"]["CommitSha"];
            /** @description Its digest. */
            digest: components["schemas"]["Digest"];
            /** @description The document that says so. */
            evidence: components["schemas"]["Source"];
            /**
             * Format: int64
             * @description How long the build took, in milliseconds; null if nobody said.
             */
            milliseconds: number | null;
            /** @description Its platforms, such as `linux/amd64`. */
            platforms: string[];
            schema_range: components["schemas"]["SchemaRange"] | null;
            /**
             * Format: int64
             * @description The compressed size of all its blobs, in bytes.
             */
            size_bytes: number;
        };
        /** @description A digest that ran in a cell. */
        Candidate: {
            /**
             * @description The command that goes back to it.
             * @example cargo xtask rollback --env prod --to sha256:…
             */
            command: string;
            commit: components["schemas"]["CommitSha"] | null;
            /** @description Whether it was deployed there with success. */
            deployed: boolean;
            /** @description The digest. */
            digest: components["schemas"]["Digest"];
            /** @description Whether one can go back to it. */
            eligible: boolean;
            /**
             * Format: date-time
             * @description When it was last deployed there or seen there, RFC 3339.
             */
            last_at: string;
            /** @description Whether the service itself said that it runs in it. */
            observed: boolean;
            /**
             * @description What speaks against it, and then what else was looked at: the very reasons of a decision, and
             *     `same-as-running`.
             */
            reasons: components["schemas"]["Reason"][];
            /** @description The version that people call it by; null if it is not known. */
            version: string | null;
        };
        /** @description The measures that there are. */
        Catalogue: {
            /** @description One for each. */
            measures: components["schemas"]["Definition"][];
        };
        /** @description One service in one environment. */
        Cell: {
            /** @description Who or what asked for it. */
            actor: string;
            /** @description The commit that runs, or that was attempted if nothing ever ran. */
            commit: components["schemas"]["CommitSha"];
            /**
             * Format: int64
             * @description How many commits of the default branch it is behind the newest; null if its commit is not on
             *     the known first-parent chain.
             */
            commits_behind: number | null;
            digest: components["schemas"]["Digest"] | null;
            /** @description The environment. */
            environment: components["schemas"]["Name"];
            /** @description The SHA-256 of the evidence that says so. */
            evidence: string;
            /**
             * Format: int64
             * @description How many incidents are open about this cell.
             */
            incidents: number;
            /** @description How it came there. */
            kind: components["schemas"]["CellKind"];
            last_attempt: components["schemas"]["Attempt"] | null;
            observed: components["schemas"]["Observed"] | null;
            /**
             * Format: date-time
             * @description Since when, RFC 3339.
             */
            since: string;
            /** @description Whether anything runs there. */
            state: components["schemas"]["CellState"];
            /** @description The version that people call it by. */
            version: string;
        };
        /**
         * @description How what runs in a cell came there.
         * @enum {string}
         */
        CellKind: "deploy" | "rollback";
        /**
         * @description Whether anything runs in a cell.
         * @enum {string}
         */
        CellState: "running" | "failed";
        /** @description One check. */
        Check: {
            /** @description What was found, or what to do. */
            detail?: string;
            /** @description What was checked: `database` or `schema`. */
            name: string;
            /** @description Whether it is well. */
            ok: boolean;
        };
        /** @description One job of a [`Claim::CiVerdict`]. */
        CiJob: {
            /**
             * Format: int64
             * @description How long it took, in milliseconds.
             */
            milliseconds: number;
            /** @description The job's name, such as `backend-quality`. */
            name: components["schemas"]["Name"];
            /** @description How it ended. */
            outcome: components["schemas"]["Outcome"];
        };
        /** @description One attempt of a workflow run (`workflow_run`). */
        CiRun: {
            /**
             * Format: int32
             * @description From 1; each re-run is one more.
             */
            attempt: number;
            /** @description The branch or tag it ran for, where GitHub says so. */
            branch?: string;
            /** @description The commit that it tested: `head_sha`. */
            commit: components["schemas"]["CommitSha"];
            /** @description How it ended, once it has. */
            conclusion?: components["schemas"]["Conclusion"];
            /** @description What started it, such as `push`. */
            event: string;
            /** @description Whether that commit came from another repository. */
            from_fork: boolean;
            /** @description How far it is. */
            phase: components["schemas"]["RunPhase"];
            /**
             * Format: int64
             * @description The repository's id.
             */
            repository_id: number;
            /**
             * Format: int64
             * @description The run's id, the same for all its attempts.
             */
            run_id: number;
            /** @description When this attempt began. */
            started_at: components["schemas"]["Timestamp"];
            /** @description The workflow's file, such as `.github/workflows/ci.yml`. */
            workflow: string;
        };
        /** @description One job of one attempt (`workflow_job`). */
        CiRunJob: {
            /**
             * Format: int32
             * @description The attempt of the run that the job belongs to.
             */
            attempt: number;
            /** @description The commit that it tested. */
            commit: components["schemas"]["CommitSha"];
            /** @description When it ended. */
            completed_at?: components["schemas"]["Timestamp"];
            /** @description How it ended, once it has. */
            conclusion?: components["schemas"]["Conclusion"];
            /**
             * Format: int64
             * @description The job's id.
             */
            job_id: number;
            /** @description The job's name. */
            name: string;
            /** @description How far it is. */
            phase: components["schemas"]["RunPhase"];
            /**
             * Format: int64
             * @description The repository's id.
             */
            repository_id: number;
            /**
             * Format: int64
             * @description The run's id.
             */
            run_id: number;
            /** @description When it began. */
            started_at?: components["schemas"]["Timestamp"];
        };
        /** @description What an [`Evidence`] document states. `kind` names the variant. */
        Claim: {
            /** @description The author's name, at most 100 characters. */
            author: string;
            /** @description The commit. */
            commit: components["schemas"]["CommitSha"];
            /** @enum {string} */
            kind: "commit";
            /** @description Its parents, first parent first; empty for a root commit. */
            parents: components["schemas"]["CommitSha"][];
            /** @description The first line of its message, at most 200 characters. */
            subject: string;
        } | {
            /** @description The commit that was tested. */
            commit: components["schemas"]["CommitSha"];
            /** @description The jobs it was concluded from. */
            jobs: components["schemas"]["CiJob"][];
            /** @enum {string} */
            kind: "ci_verdict";
            /** @description What CI concluded. */
            outcome: components["schemas"]["Outcome"];
        } | {
            /** @description Whether the build started with a filled cache. */
            cache?: components["schemas"]["BuildCache"];
            /** @description The commit it was built from. */
            commit: components["schemas"]["CommitSha"];
            /** @description The digest of its manifest or index. */
            digest: components["schemas"]["Digest"];
            /** @enum {string} */
            kind: "image_built";
            /**
             * Format: int64
             * @description How long the build took, in milliseconds.
             */
            milliseconds?: number;
            /** @description Its platforms, such as `linux/amd64`. */
            platforms: string[];
            /** @description The database schemas that it can run on. */
            schema_range?: components["schemas"]["SchemaRange"];
            /**
             * Format: int64
             * @description The compressed size of all its blobs, in bytes.
             */
            size_bytes: number;
        } | {
            /** @description The commit that was booted. */
            commit: components["schemas"]["CommitSha"];
            digest?: components["schemas"]["Digest"] | null;
            /** @description What it ran on: `docker` or `process`. */
            engine: components["schemas"]["Name"];
            /** @enum {string} */
            kind: "smoke";
            /** @description Whether every check passed. */
            outcome: components["schemas"]["Outcome"];
        } | {
            /** @description The commit it was built from. */
            commit: components["schemas"]["CommitSha"];
            /** @description The digest of its manifest or index. */
            digest: components["schemas"]["Digest"];
            /** @enum {string} */
            kind: "published";
            /** @description Registry and repository, without tag. */
            repository: string;
            /** @description The tags that name it from now on. */
            tags: components["schemas"]["Tag"][];
        } | {
            /** @description Who or what asked for it, at most 100 characters. */
            actor: string;
            /** @description Why gates that said no were passed over, where they were; at most 500 characters. */
            break_glass?: string;
            /** @description The commit that the image was built from. */
            commit: components["schemas"]["CommitSha"];
            /** @description The deployment that this is the end of, if it was announced. */
            deployment?: components["schemas"]["DeploymentId"];
            digest?: components["schemas"]["Digest"] | null;
            /** @description The environment. */
            environment: components["schemas"]["Name"];
            /** @description What it failed at. */
            failure?: components["schemas"]["FailureClass"];
            /** @enum {string} */
            kind: "deployed";
            /**
             * Format: int64
             * @description From the command to the observed new digest, in milliseconds.
             */
            milliseconds?: number;
            /** @description Whether it runs now. */
            outcome: components["schemas"]["Outcome"];
            /** @description The reference that was asked for, such as `registry/name:v1.2.3`. */
            reference?: string;
            /** @description The service. */
            service: components["schemas"]["Name"];
            /** @description The version that people call it by. */
            version: string;
        } | {
            /** @description Who or what asked for it, at most 100 characters. */
            actor: string;
            /** @description The commit that runs again. */
            commit: components["schemas"]["CommitSha"];
            /** @description The deployment that this is the end of, if it was announced. */
            deployment?: components["schemas"]["DeploymentId"];
            digest?: components["schemas"]["Digest"] | null;
            /** @description The environment. */
            environment: components["schemas"]["Name"];
            /** @enum {string} */
            kind: "rolled_back";
            /** @description The service. */
            service: components["schemas"]["Name"];
            /** @description The version that runs again. */
            version: string;
        } | (components["schemas"]["DeploymentStarted"] & {
            /** @enum {string} */
            kind: "deployment_started";
        }) | (components["schemas"]["DeploymentState"] & {
            /** @enum {string} */
            kind: "deployment_state";
        }) | (components["schemas"]["CiRun"] & {
            /** @enum {string} */
            kind: "ci_run";
        }) | (components["schemas"]["CiRunJob"] & {
            /** @enum {string} */
            kind: "ci_run_job";
        }) | (components["schemas"]["RefMoved"] & {
            /** @enum {string} */
            kind: "ref_moved";
        }) | (components["schemas"]["PullRequest"] & {
            /** @enum {string} */
            kind: "pull_request";
        }) | (components["schemas"]["GithubDeployment"] & {
            /** @enum {string} */
            kind: "github_deployment";
        }) | (components["schemas"]["RepositoryNamed"] & {
            /** @enum {string} */
            kind: "repository_named";
        }) | (components["schemas"]["TagObserved"] & {
            /** @enum {string} */
            kind: "tag_observed";
        }) | (components["schemas"]["RuntimeObserved"] & {
            /** @enum {string} */
            kind: "runtime_observed";
        });
        /** @description One commit and what became of it. */
        Commit: {
            /** @description Its author; null when only other evidence speaks of it. */
            author: string | null;
            ci: components["schemas"]["Outcome"] | null;
            /** @description The commit. */
            commit: components["schemas"]["CommitSha"];
            /**
             * Format: date-time
             * @description Its commit time, RFC 3339; null when only other evidence speaks of it.
             */
            committed_at: string | null;
            /** @description The environments in which it runs now. */
            environments: components["schemas"]["Name"][];
            image: components["schemas"]["Image"] | null;
            /** @description The project that it belongs to. */
            project: components["schemas"]["Name"];
            /** @description The tags that name its image now. */
            published: components["schemas"]["Tag"][];
            smoke: components["schemas"]["Outcome"] | null;
            /** @description The first line of its message; null when only other evidence speaks of it. */
            subject: string | null;
            /** @description Whether a force-push left it behind. */
            unreachable: boolean;
        };
        /** @description All that is known about one commit. */
        CommitFacts: {
            /** @description The commit, and what became of it last. */
            commit: components["schemas"]["Commit"];
            /** @description The newest deployments of it, at most 50. */
            deployments: components["schemas"]["Deployment"][];
            /** @description The images that were built from it. */
            images: components["schemas"]["Built"][];
            /** @description The publications of it, oldest first. */
            publications: components["schemas"]["Publication"][];
            /** @description The workflow runs that tested it. */
            runs: components["schemas"]["Run"][];
            /** @description The smoke tests of it, oldest first. */
            smokes: components["schemas"]["SmokeTest"][];
            /** @description What CI concluded about it, oldest first. */
            verdicts: components["schemas"]["Verdict"][];
        };
        /** @description A git commit: the full 40 lower-case hexadecimal digits, never a prefix. */
        CommitSha: string;
        /** @description A page of commits. */
        Commits: {
            /** @description The commits, newest first. */
            commits: components["schemas"]["Commit"][];
        };
        /**
         * @description How a workflow run or job ended, in GitHub's words.
         * @enum {string}
         */
        Conclusion: "success" | "failure" | "cancelled" | "skipped" | "neutral" | "timed_out" | "action_required" | "stale" | "startup_failure";
        /** @description Whether a digest may go to an environment, and why. */
        Decision: {
            commit: components["schemas"]["CommitSha"] | null;
            /** @description The digest that was asked about. */
            digest: components["schemas"]["Digest"];
            /** @description The environment that was asked about. */
            environment: components["schemas"]["Name"];
            /**
             * Format: date-time
             * @description When this was answered, RFC 3339.
             */
            evaluated_at: string;
            /**
             * Format: int64
             * @description How many of the next 1000 documents that are recorded and not looked at yet are of the project: while there are
             *     some, the answer may still change by itself.
             */
            pending: number;
            /** @description The project. */
            project: components["schemas"]["Name"];
            /** @description What blocks, and then what else was looked at. */
            reasons: components["schemas"]["Reason"][];
            /** @description The reference that was asked about; null if none was. */
            reference: string | null;
            service: components["schemas"]["Name"] | null;
            /** @description The answer. */
            verdict: components["schemas"]["Answer"];
        };
        /** @description What a measure is. */
        Definition: {
            /** @description The formula in words. */
            explanation: string;
            goal: components["schemas"]["Goal"] | null;
            /** @description Its name. */
            name: string;
            /** @description Its name for people. */
            title: string;
            /** @description What its value counts. */
            unit: components["schemas"]["Unit"];
        };
        /** @description A deployment and what it has come to. */
        Deployment: {
            /** @description Who or what asked for it. */
            actor: string;
            /** @description Whether it was announced before it ended. */
            announced: boolean;
            /** @description Whether its clock and the ledger's were more than five minutes apart. */
            clock_skew: boolean;
            /** @description The commit. */
            commit: components["schemas"]["CommitSha"];
            /** @description More for people; null if there is none. */
            detail: string | null;
            digest: components["schemas"]["Digest"] | null;
            /** @description The environment. */
            environment: components["schemas"]["Name"];
            /** @description The states that it passed, in order. */
            events: components["schemas"]["DeploymentEvent"][];
            /** @description The evidence that it comes from. */
            evidence: components["schemas"]["Source"];
            failure_class: components["schemas"]["FailureClass"] | null;
            /**
             * Format: date-time
             * @description When it ended, RFC 3339; null while it goes on.
             */
            finished_at: string | null;
            /** @description Its identity. */
            id: components["schemas"]["DeploymentId"];
            /**
             * Format: int64
             * @description From the command to the observed new digest, in milliseconds; null if nobody said.
             */
            milliseconds: number | null;
            /** @description Why it was done. */
            mode: components["schemas"]["DeploymentMode"];
            outcome: components["schemas"]["Outcome"] | null;
            outcome_evidence: components["schemas"]["Source"] | null;
            /** @description Whether what was asked for can only ever mean this digest; null when it is a process. */
            pinned: boolean | null;
            /** @description The reference that was asked for; null if only the digest was. */
            reference: string | null;
            rollback_of: components["schemas"]["DeploymentId"] | null;
            /** @description The service. */
            service: components["schemas"]["Name"];
            /**
             * Format: date-time
             * @description When it began, or when its end was told if it was not announced; RFC 3339.
             */
            started_at: string;
            /** @description The version that people call it by. */
            version: string;
        };
        /** @description One state that a deployment passed. */
        DeploymentEvent: {
            /**
             * Format: date-time
             * @description When, RFC 3339.
             */
            at: string;
            /** @description More for people; null if there is none. */
            detail: string | null;
            /** @description The SHA-256 of the evidence that says so. */
            evidence: string;
            failure: components["schemas"]["FailureClass"] | null;
            /**
             * Format: int64
             * @description Its place among the deployment's states.
             */
            sequence: number;
            /** @description The state. */
            state: components["schemas"]["DeploymentPhase"];
        };
        /** @description A deployment's identity, chosen by who deploys: a UUID (RFC 9562) in its canonical lower-case text. */
        DeploymentId: string;
        /**
         * @description Why a deployment is done.
         * @enum {string}
         */
        DeploymentMode: "deploy" | "promote" | "rollback" | "hotfix";
        /**
         * @description The states of a deployment, in the order in which they are passed.
         * @enum {string}
         */
        DeploymentPhase: "pending" | "pulling" | "migrating" | "starting" | "switching" | "succeeded" | "failed" | "cancelled" | "unknown";
        /** @description What was recorded of a deployment. */
        DeploymentReceipt: {
            /** @description The deployment. */
            id: components["schemas"]["DeploymentId"];
            /** @description Whether it is new; the same sent twice is recorded once. */
            new: boolean;
            /** @description The evidence's identity. */
            sha256: string;
        };
        /** @description That a deployment began: what shall run where, and how it is named there. */
        DeploymentStarted: {
            /** @description Who or what asked for it, at most 100 characters. */
            actor: string;
            /** @description The commit that the image was built from. */
            commit: components["schemas"]["CommitSha"];
            /** @description The digest that shall run; absent when it is a process and not an image. */
            digest?: components["schemas"]["Digest"];
            /** @description The environment. */
            environment: components["schemas"]["Name"];
            /** @description Its identity. */
            id: components["schemas"]["DeploymentId"];
            /** @description Why it is done. */
            mode: components["schemas"]["DeploymentMode"];
            /** @description The reference that was asked for, such as `registry/name:v1.2.3`; absent when only the digest was. */
            reference?: string;
            /** @description The deployment that a rollback undoes. */
            rollback_of?: components["schemas"]["DeploymentId"];
            /** @description The service. */
            service: components["schemas"]["Name"];
            /** @description The version that people call it by. */
            version: string;
        };
        /** @description What a deployment has come to. */
        DeploymentState: {
            /** @description More for people, at most 2,000 characters. */
            detail?: string;
            /** @description What failed, of a failure. */
            failure?: components["schemas"]["FailureClass"];
            /** @description The deployment. */
            id: components["schemas"]["DeploymentId"];
            /**
             * Format: int32
             * @description Counts the states of this deployment from 1; each number is used once.
             */
            sequence: number;
            /** @description What it has come to. */
            state: components["schemas"]["DeploymentPhase"];
        };
        /** @description A page of deployments. */
        Deployments: {
            /** @description The deployments, newest first. */
            deployments: components["schemas"]["Deployment"][];
        };
        /**
         * @description The digest of a manifest or blob: `sha256:` and 64 lower-case hexadecimal digits.
         *
         *     Source: OCI image specification, `descriptor.md`, "Digests". Only SHA-256 is accepted: it is the
         *     one algorithm every registry must support.
         */
        Digest: string;
        /** @description What a deployment has come to. */
        EventBody: {
            /** @description More for people, at most 2,000 characters. */
            detail?: string;
            /** @description What failed, of a failure. */
            failure?: components["schemas"]["FailureClass"];
            /** @description When, RFC 3339; kept to the second. */
            occurred_at: components["schemas"]["Timestamp"];
            /**
             * Format: int32
             * @description Counts the states of this deployment from 1; each number is used once.
             */
            sequence: number;
            /** @description What it has come to. */
            state: components["schemas"]["DeploymentPhase"];
        };
        /**
         * @description One fact about a project, as it is written under `target/xtask/evidence/` and posted to the ledger.
         *
         *     A document is identified by its content: see [`Evidence::sha256`].
         */
        Evidence: {
            /** @description The fact itself. */
            claim: components["schemas"]["Claim"];
            /**
             * Format: date-time
             * @description When it happened, RFC 3339.
             */
            occurred_at: string;
            /** @description The project that the fact is about. */
            project: components["schemas"]["Name"];
            /**
             * @description Always [`SCHEMA`].
             * @example portbook.evidence/v1
             */
            schema: string;
        };
        /** @description A batch of documents, all of the token's project. */
        EvidenceBatch: {
            /** @description 1 to 500 documents. */
            evidence: components["schemas"]["Evidence"][];
        };
        /** @description A workflow's own token. */
        Exchange: {
            /** @description What GitHub gave to the job, for this ledger as its audience. */
            token: string;
        };
        /** @description A token of the ledger's. */
        ExchangedToken: {
            /**
             * Format: date-time
             * @description From when on it is refused, RFC 3339.
             */
            expires_at: string;
            /** @description The project that it is good for. */
            project: string;
            /** @description What it may do. */
            scopes: string[];
            /** @description The token, `pb_<id>_<secret>`. It is shown this once. */
            token: string;
        };
        /**
         * @description What a deployment failed at.
         * @enum {string}
         */
        FailureClass: "build" | "pull" | "migrate" | "health" | "other";
        /** @description One wrong place in a request's body, or in its query. */
        FieldError: {
            /** @description What was expected there. */
            detail: string;
            /**
             * @description A JSON pointer (RFC 6901) into the body; into the query as if it was an object of its parameters.
             * @example /evidence/0/claim/outcome
             */
            pointer: string;
        };
        /**
         * @description What GitHub knows of a deployment (`deployment`, `deployment_status`). It names no digest, so it says what was
         *     tried and never what runs.
         */
        GithubDeployment: {
            /** @description Who made it. */
            actor: string;
            /** @description The commit. */
            commit: components["schemas"]["CommitSha"];
            /**
             * Format: int64
             * @description The deployment's id.
             */
            deployment_id: number;
            /** @description The environment, in GitHub's spelling. */
            environment: string;
            /**
             * Format: int64
             * @description The repository's id.
             */
            repository_id: number;
            /** @description The state, in GitHub's words; `created` for the deployment itself. */
            state: string;
            /**
             * Format: int64
             * @description The status's id; 0 for the deployment itself.
             */
            status_id: number;
        };
        /** @description What a measure should be. */
        Goal: {
            /** @description How it should stand to the value. */
            relation: components["schemas"]["Relation"];
            /**
             * Format: double
             * @description The value.
             */
            value: number;
        };
        /** @description That the process is up. */
        Health: {
            /**
             * @description Always `ok`.
             * @example ok
             */
            status: string;
        };
        /** @description A built image. */
        Image: {
            /** @description The digest of its manifest or index. */
            digest: components["schemas"]["Digest"];
            /** @description Its platforms, such as `linux/amd64`. */
            platforms: string[];
            /**
             * Format: int64
             * @description The compressed size of all its blobs, in bytes.
             */
            size_bytes: number;
        };
        /** @description All that is known about one image. */
        ImageFacts: {
            built: components["schemas"]["Built"] | null;
            /** @description The commits that it is said to be built from: one, unless its evidence contradicts itself. */
            commits: components["schemas"]["CommitSha"][];
            /** @description Its newest deployments, at most 50. */
            deployments: components["schemas"]["Deployment"][];
            /** @description The digest. */
            digest: components["schemas"]["Digest"];
            /** @description Its publications, oldest first. */
            publications: components["schemas"]["Publication"][];
            /** @description Where it runs now. */
            running: components["schemas"]["Place"][];
            /** @description Its smoke tests, oldest first. */
            smokes: components["schemas"]["SmokeTest"][];
        };
        /** @description A breach of a rule. */
        Incident: {
            /** @description Whether somebody has seen it. */
            acknowledged: boolean;
            /** @description Who has, oldest first. */
            acknowledgements: components["schemas"]["Acknowledgement"][];
            /** @description What sort of breach it is. */
            code: string;
            commit: components["schemas"]["CommitSha"] | null;
            digest: components["schemas"]["Digest"] | null;
            environment: components["schemas"]["Name"] | null;
            /** @description What `If-Match` has to name to acknowledge it as it is shown here. */
            etag: string;
            /** @description The SHA-256s of the evidence that says so. */
            evidence: string[];
            /** @description Its identity within the project. */
            id: string;
            /** @description What happened. */
            message: string;
            /**
             * Format: date-time
             * @description Since when, RFC 3339.
             */
            opened_at: string;
            /**
             * Format: date-time
             * @description Until when, RFC 3339; null while it is open.
             */
            resolved_at: string | null;
            /**
             * @description The rule, `R1` to `R5`.
             * @example R1
             */
            rule: string;
            service: components["schemas"]["Name"] | null;
            /** @description What it is about: a tag, a digest, a cell. */
            subject: string;
        };
        /** @description A page of incidents. */
        Incidents: {
            /** @description The incidents, newest first. */
            incidents: components["schemas"]["Incident"][];
        };
        /** @description What became of each document of a batch, in the batch's order. */
        IngestReport: {
            /** @description One result per document. */
            results: components["schemas"]["ItemResult"][];
        };
        /** @description Where the true rate lies with a confidence of 95 %. */
        Interval: {
            /**
             * Format: double
             * @description Its upper end.
             */
            high: number;
            /**
             * Format: double
             * @description Its lower end.
             */
            low: number;
        };
        /** @description What became of one document. */
        ItemResult: {
            /** @description Why it was rejected; empty if it was not. */
            errors: components["schemas"]["FieldError"][];
            /** @description Its place in the batch, from 0. */
            index: number;
            /** @description Its identity; null if it was rejected. */
            sha256: string | null;
            /** @description What became of it. */
            status: components["schemas"]["ItemStatus"];
        };
        /**
         * @description What became of a document.
         * @enum {string}
         */
        ItemStatus: "recorded" | "duplicate" | "rejected";
        /** @description A job of a run. */
        Job: {
            /**
             * Format: int64
             * @description The attempt that it ran in.
             */
            attempt: number;
            /**
             * Format: date-time
             * @description When it ended, RFC 3339; null if it has not.
             */
            completed_at: string | null;
            conclusion: components["schemas"]["Conclusion"] | null;
            /**
             * Format: int64
             * @description Its id at GitHub.
             */
            job_id: number;
            /** @description Its name. */
            name: string;
            /** @description How far it is. */
            phase: components["schemas"]["RunPhase"];
            /**
             * Format: date-time
             * @description When it began, RFC 3339; null if it has not.
             */
            started_at: string | null;
        };
        /** @description A measure over a window of time. */
        Measure: {
            /**
             * Format: double
             * @description The share of what should have been measured that could be; null of nothing.
             */
            coverage: number | null;
            /** @description The formula in words. */
            explanation: string;
            /**
             * Format: date-time
             * @description Where the window begins, RFC 3339.
             */
            from: string;
            goal: components["schemas"]["Goal"] | null;
            interval: components["schemas"]["Interval"] | null;
            /** @description How many values it was made from. */
            n: number;
            /**
             * @description Its name.
             * @example deploy-duration
             */
            name: string;
            /** @description The same for parts, where it has parts. */
            parts: components["schemas"]["Part"][];
            /** @description Whether it is; null if that is not known. */
            reached: boolean | null;
            /** @description What it was counted from, newest first, at most 500. */
            rows: components["schemas"]["Row"][];
            /** @description Its name for people. */
            title: string;
            /**
             * Format: date-time
             * @description Where it ends, RFC 3339.
             */
            to: string;
            /** @description What the value counts. */
            unit: components["schemas"]["Unit"];
            /**
             * Format: double
             * @description The value; null if nothing could be measured.
             */
            value: number | null;
        };
        /**
         * @description The name of a project, a service or an environment: `[a-z0-9][a-z0-9-]{0,62}`.
         *
         *     That is a DNS label (RFC 1123), so that a name can stand in a URL, a host name or a metric.
         */
        Name: string;
        /** @description What a service said that it is. */
        Observed: {
            /**
             * Format: date-time
             * @description Since when it says so, RFC 3339.
             */
            at: string;
            digest: components["schemas"]["Digest"] | null;
            /** @description Whether that is what was recorded; null if it said nothing that could be compared. */
            matches: boolean | null;
            /** @description Whether it answered at all. */
            reachable: boolean;
        };
        /**
         * @description How a run ended. There is no default: an unknown outcome is said, never guessed.
         * @enum {string}
         */
        Outcome: "success" | "failure" | "cancelled" | "skipped" | "unknown";
        /** @description A part of a measure: one sort of builds, or one week. */
        Part: {
            interval: components["schemas"]["Interval"] | null;
            /** @description How many values it was made from. */
            n: number;
            /** @description Its name, such as `cold` or `2026-W09`. */
            name: string;
            /**
             * Format: double
             * @description The value; null if nothing could be measured.
             */
            value: number | null;
        };
        /** @description A cell of the board. */
        Place: {
            /** @description The environment. */
            environment: components["schemas"]["Name"];
            /** @description The service. */
            service: components["schemas"]["Name"];
        };
        /** @description What went wrong, for programs (`type`) and for people (`detail`). */
        Problem: {
            /** @description What is wrong this time, and what to do about it. */
            detail: string;
            /** @description Each wrong place in the request's body, or in its query as an object of parameters. */
            errors?: components["schemas"]["FieldError"][];
            /**
             * Format: int32
             * @description The HTTP status.
             */
            status: number;
            /** @description The sort of problem in words; the same for each problem of this type. */
            title: string;
            /** @description A stable name of this sort of problem, `urn:portbook:problem:…`. */
            type: string;
        };
        /** @description That an image was published under a tag. */
        Publication: {
            /**
             * Format: date-time
             * @description When, RFC 3339.
             */
            at: string;
            /** @description The commit. */
            commit: components["schemas"]["CommitSha"];
            /** @description The digest. */
            digest: components["schemas"]["Digest"];
            /** @description The document that says so. */
            evidence: components["schemas"]["Source"];
            /** @description Registry and repository, without tag. */
            repository: string;
            /** @description The tag. */
            tag: components["schemas"]["Tag"];
        };
        /** @description How a pull request stands (`pull_request`). */
        PullRequest: {
            /** @description Who opened it. */
            author: string;
            /** @description The branch that it goes into. */
            base: string;
            /** @description The newest commit of its branch. */
            head: components["schemas"]["CommitSha"];
            /** @description The commit that it was merged as. */
            merge_commit?: components["schemas"]["CommitSha"];
            /**
             * Format: int64
             * @description Its number.
             */
            number: number;
            /**
             * Format: int64
             * @description The repository's id.
             */
            repository_id: number;
            /** @description Whether it is open, closed or merged. */
            state: components["schemas"]["PullRequestState"];
            /** @description Its title, at most 200 characters. */
            title: string;
        };
        /**
         * @description Whether a pull request is open, closed or merged; the order is the order of precedence at one instant.
         * @enum {string}
         */
        PullRequestState: "open" | "closed" | "merged";
        /** @description One commit of a push. GitHub does not tell its parents. */
        PushedCommit: {
            /** @description Its commit time. */
            at: components["schemas"]["Timestamp"];
            /** @description The author's name, at most 100 characters. */
            author: string;
            /** @description The commit. */
            commit: components["schemas"]["CommitSha"];
            /** @description The first line of its message, at most 200 characters. */
            subject: string;
        };
        /** @description Whether requests can be served. */
        Readiness: {
            /** @description The checks. */
            checks: components["schemas"]["Check"][];
            /** @description `ready` if all checks are well. */
            status: components["schemas"]["ReadyStatus"];
        };
        /**
         * @description Whether requests can be served.
         * @enum {string}
         */
        ReadyStatus: "ready" | "unavailable";
        /** @description One thing that was looked at. */
        Reason: {
            /** @description Whether it is against it. */
            blocks: boolean;
            /** @description What it says, from [`super::code`]. */
            code: string;
            /** @description The documents that say so: their SHA-256s in order. */
            evidence: string[];
            /** @description The same for people. */
            message: string;
            rule: components["schemas"]["Rule"] | null;
        };
        /** @description What became of an event. */
        Receipt: {
            status: components["schemas"]["ReceiptStatus"];
        };
        /**
         * @description What became of an event.
         * @enum {string}
         */
        ReceiptStatus: "accepted" | "duplicate";
        /** @description A branch or tag was made, moved or deleted (`push`, `create`, `delete`). */
        RefMoved: {
            /** @description What it names now; absent when it was deleted. */
            after?: components["schemas"]["CommitSha"];
            /** @description What it named before; absent when it was made. */
            before?: components["schemas"]["CommitSha"];
            /** @description The commits that came with it, oldest first. */
            commits: components["schemas"]["PushedCommit"][];
            /** @description Whether it is the default branch. */
            default_branch: boolean;
            /** @description Whether commits were left behind by it (a force-push). */
            forced: boolean;
            /** @description The whole reference, such as `refs/heads/main`. */
            reference: string;
            /**
             * Format: int64
             * @description The repository's id.
             */
            repository_id: number;
        };
        /**
         * @description How a measure should stand to its goal.
         * @enum {string}
         */
        Relation: "at_most" | "below";
        /** @description What a repository is called now, and whose it is (`repository`, and every other event). */
        RepositoryNamed: {
            /** @description The default branch. */
            default_branch: string;
            /** @description Owner and name, such as `octo/shop`. */
            full_name: string;
            /**
             * Format: int64
             * @description The owner's id.
             */
            owner_id: number;
            /**
             * Format: int64
             * @description The repository's id.
             */
            repository_id: number;
        };
        /** @description What ran in a cell before, and whether it can again. */
        RollbackCandidates: {
            /** @description What ran there, what ran last first. Only the last 1,000 deployments and observations are looked through. */
            candidates: components["schemas"]["Candidate"][];
            /** @description The environment. */
            environment: components["schemas"]["Name"];
            running: components["schemas"]["Digest"] | null;
            /** @description The service. */
            service: components["schemas"]["Name"];
        };
        /** @description Something that a measure was counted from. */
        Row: {
            /**
             * Format: date-time
             * @description When, RFC 3339.
             */
            at: string;
            /** @description Where more is to be read about it; null if nowhere here. */
            href: string | null;
            /** @description Its id. */
            id: string;
            /**
             * @description What it is: `commit`, `deployment`, `image` or `run`.
             * @example deployment
             */
            kind: string;
            /** @description What it counted as, or why it did not count. */
            note: string;
            /**
             * Format: double
             * @description Its value, in the measure's unit; null if it has none.
             */
            value: number | null;
        };
        /**
         * @description The rules, by the names that they go by.
         * @enum {string}
         */
        Rule: "R1" | "R2" | "R3" | "R4" | "R5";
        /** @description A workflow run: its last attempt, with the last attempt of each of its jobs. */
        Run: {
            /**
             * Format: int64
             * @description The last attempt, from 1.
             */
            attempt: number;
            /** @description The branch or tag; null where GitHub does not say. */
            branch: string | null;
            conclusion: components["schemas"]["Conclusion"] | null;
            /** @description What started it. */
            event: string;
            /** @description The document that says so. */
            evidence: components["schemas"]["Source"];
            /** @description Whether the commit came from another repository. */
            from_fork: boolean;
            /** @description Its jobs, by name. Of one that only an earlier attempt ran, that attempt's. */
            jobs: components["schemas"]["Job"][];
            /** @description How far it is. */
            phase: components["schemas"]["RunPhase"];
            /**
             * Format: int64
             * @description The repository's id at GitHub.
             */
            repository_id: number;
            /**
             * Format: int64
             * @description The run's id at GitHub.
             */
            run_id: number;
            /**
             * Format: date-time
             * @description When the last attempt began, RFC 3339.
             */
            started_at: string;
            /**
             * Format: date-time
             * @description When it was last heard of, RFC 3339.
             */
            updated_at: string;
            /** @description The workflow's file. */
            workflow: string;
        };
        /**
         * @description How far a workflow run or one of its jobs is. The order is the order in which phases are passed, and the last
         *     absorbs: what completed is never running again under the same attempt.
         * @enum {string}
         */
        RunPhase: "requested" | "queued" | "in_progress" | "completed";
        /** @description What a service's `/version` says. Recorded when it changes, and once more to confirm a change. */
        RuntimeObserved: {
            /** @description The commit that it says it was built from. */
            commit?: components["schemas"]["CommitSha"];
            /** @description The digest that it says it runs in. */
            digest?: components["schemas"]["Digest"];
            /** @description The environment. */
            environment: components["schemas"]["Name"];
            /** @description Whether it answered at all; without an answer the rest is absent. */
            reachable: boolean;
            /**
             * Format: int64
             * @description The newest contract step that its database has, 0 if none: programs that do not know that step cannot work there.
             */
            schema_floor?: number;
            /**
             * Format: int64
             * @description The schema that its database is at.
             */
            schema_version?: number;
            /** @description The service. */
            service: components["schemas"]["Name"];
            /** @description The version that it gives itself. */
            version?: string;
        };
        /** @description The database schemas that an image can run on. */
        SchemaRange: {
            /**
             * Format: int64
             * @description The one that its own migrations lead to.
             */
            max: number;
            /**
             * Format: int64
             * @description The oldest.
             */
            min: number;
        };
        /** @description The schemas that a version can run on, and what its database is at. */
        SchemaStanding: {
            /**
             * Format: int64
             * @description The newest migration that its database has; null if the database does not answer at once.
             */
            current: number | null;
            /**
             * Format: int64
             * @description The newest contract step that its database has, 0 if none: versions that do not know it cannot run there. Null
             *     like `current`.
             */
            floor: number | null;
            /**
             * Format: int64
             * @description The one that its migrations lead to.
             */
            max: number;
            /**
             * Format: int64
             * @description The oldest that it can run on.
             */
            min: number;
        };
        /** @description One service and where it runs. */
        Service: {
            /** @description One cell for each environment in which it was ever deployed, or an attempt was made. */
            cells: components["schemas"]["Cell"][];
            /** @description The service's name. */
            name: components["schemas"]["Name"];
            /** @description The project that it belongs to. */
            project: components["schemas"]["Name"];
        };
        /** @description A smoke test. */
        SmokeTest: {
            /**
             * Format: date-time
             * @description When, RFC 3339.
             */
            at: string;
            /** @description The commit. */
            commit: components["schemas"]["CommitSha"];
            digest: components["schemas"]["Digest"] | null;
            /** @description What it ran on. */
            engine: string;
            /** @description The document that says so. */
            evidence: components["schemas"]["Source"];
            /** @description How it ended. */
            outcome: components["schemas"]["Outcome"];
        };
        /** @description A document that something comes from. */
        Source: {
            /** @description Its SHA-256. */
            sha256: string;
            /** @description Who vouches for it: `oidc`, `token`, `webhook` or `poll`; null if it cannot be found. */
            trust: string | null;
        };
        /** @description A deployment that begins. Nothing of it is inferred: what is missing is refused. */
        StartBody: {
            /** @description Who or what asked for it, at most 100 characters. */
            actor: string;
            /** @description The commit that the image was built from. */
            commit: components["schemas"]["CommitSha"];
            /** @description The digest that shall run; absent when it is a process and not an image. */
            digest?: components["schemas"]["Digest"];
            /** @description The environment. */
            environment: components["schemas"]["Name"];
            /** @description Why it is done. */
            mode: components["schemas"]["DeploymentMode"];
            /** @description When it began, RFC 3339; kept to the second. */
            occurred_at: components["schemas"]["Timestamp"];
            /** @description The reference that was asked for, such as `registry/name:v1.2.3`; absent when only the digest was. */
            reference?: string;
            /** @description The deployment that a rollback undoes. */
            rollback_of?: components["schemas"]["DeploymentId"];
            /** @description The service. */
            service: components["schemas"]["Name"];
            /** @description The version that people call it by. */
            version: string;
        };
        /**
         * @description An image tag: `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`.
         *
         *     Source: OCI distribution specification, "Pulling manifests".
         */
        Tag: string;
        /** @description A page of what tags named. */
        TagHistory: {
            /** @description What they named, newest first. */
            tags: components["schemas"]["TagMove"][];
        };
        /** @description What a tag named from some instant on. */
        TagMove: {
            /**
             * Format: date-time
             * @description When, RFC 3339.
             */
            at: string;
            before: components["schemas"]["Digest"] | null;
            /**
             * @description What happened to it: `made`, `confirmed`, `moved`, `vanished` or `returned`.
             * @example moved
             */
            change: string;
            commit: components["schemas"]["CommitSha"] | null;
            digest: components["schemas"]["Digest"] | null;
            /** @description The document that says so. */
            evidence: components["schemas"]["Source"];
            /** @description Whether such a tag promises to name one image for ever. */
            immutable: boolean;
            /** @description Registry and repository, without tag. */
            repository: string;
            /**
             * @description `published` if who published it says so, `observed` if the registry was seen to answer it.
             * @example published
             */
            said_by: string;
            /** @description The tag. */
            tag: components["schemas"]["Tag"];
        };
        /** @description What a tag names in its registry. Recorded when it changes. */
        TagObserved: {
            /** @description The digest that it names; absent when there is no such tag any more. */
            digest?: components["schemas"]["Digest"];
            /** @description Registry and repository, without tag. */
            repository: string;
            /** @description The tag. */
            tag: components["schemas"]["Tag"];
        };
        /**
         * Format: date-time
         * @description An instant in UTC, written as RFC 3339. Whatever time zone it was read in, it is written alike, so that the
         *     same instant is the same document.
         */
        Timestamp: string;
        /**
         * @description What a value counts.
         * @enum {string}
         */
        Unit: "count" | "milliseconds" | "ratio" | "per_day";
        /** @description A conclusion of CI. */
        Verdict: {
            /**
             * Format: date-time
             * @description When, RFC 3339.
             */
            at: string;
            /** @description The document that says so. */
            evidence: components["schemas"]["Source"];
            /** @description What it concluded. */
            outcome: components["schemas"]["Outcome"];
        };
        /** @description What this server is. */
        Version: {
            commit: components["schemas"]["CommitSha"] | null;
            image_digest: components["schemas"]["Digest"] | null;
            /**
             * @description Always `portbook`.
             * @example portbook
             */
            name: string;
            /** @description The schemas that it can run on, and the one that it runs on. */
            schema: components["schemas"]["SchemaStanding"];
            /** @description The version of the source. */
            version: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    healthz: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The process is up */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
        };
    };
    prometheus_metrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The numbers */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/openmetrics-text": string;
                };
            };
        };
    };
    openapi: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The OpenAPI document */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
        };
    };
    readyz: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Requests can be served */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Readiness"];
                };
            };
            /** @description They cannot at present */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Readiness"];
                };
            };
        };
    };
    board: {
        parameters: {
            query?: never;
            header?: {
                /** @description The ETag of the board that the caller has */
                "If-None-Match"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The board */
            200: {
                headers: {
                    /** @description Another one whenever anything changes */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Board"];
                };
            };
            /** @description The caller's board is the present one */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Reading is not public, and there is no valid token */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Reading is not public, and the token has not the scope read or is for another project */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A parameter that is unknown or has a wrong value, or no word on which project is meant */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The database is away */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_commits: {
        parameters: {
            query?: {
                /** @description The project, where more than one is known and no token says which. */
                project?: components["schemas"]["Name"];
                /** @description The most items, 1 to 200; 50 if not said. */
                limit?: number;
                /** @description The cursor of the page before. */
                after?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of commits; the header Link leads to the next */
            200: {
                headers: {
                    /** @description Another one whenever anything changes */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Commits"];
                };
            };
            /** @description The caller's page is the present one */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Reading is not public, and there is no valid token */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Reading is not public, and the token has not the scope read or is for another project */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A parameter that is unknown or has a wrong value, or no word on which project is meant */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The database is away */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    commit: {
        parameters: {
            query?: {
                /** @description The project, where more than one is known and no token says which. */
                project?: components["schemas"]["Name"];
            };
            header?: never;
            path: {
                /** @description The commit, or the first 7 or more of its hexadecimal digits */
                sha: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The commit */
            200: {
                headers: {
                    /** @description Another one whenever anything changes */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CommitFacts"];
                };
            };
            /** @description The caller's picture is the present one */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Reading is not public, and there is no valid token */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Reading is not public, and the token has not the scope read or is for another project */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such commit */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Several commits begin so; the detail names them */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A parameter that is unknown or has a wrong value, or no word on which project is meant */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The database is away */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    decide: {
        parameters: {
            query: {
                /** @description The digest that shall be deployed. */
                digest: components["schemas"]["Digest"];
                /** @description The environment that it shall be deployed to. */
                env: components["schemas"]["Name"];
                /** @description The service that it shall be deployed as: its database's schema is looked at. */
                service?: components["schemas"]["Name"];
                /** @description The reference that it shall be deployed by, such as `registry/name:v1.2.3`; without one, by its digest. */
                ref?: string;
                /** @description The project, where more than one is known and no token says which. */
                project?: components["schemas"]["Name"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The verdict and its reasons */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Decision"];
                };
            };
            /** @description Reading is not public, and there is no valid token */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Reading is not public, and the token has not the scope read or is for another project */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A parameter that is unknown or has a wrong value, or no word on which project is meant */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The database is away */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    start_deployment: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description A UUID, chosen by the caller */
                id: components["schemas"]["DeploymentId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StartBody"];
            };
        };
        responses: {
            /** @description It was recorded before */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeploymentReceipt"];
                };
            };
            /** @description It is recorded, and durable */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeploymentReceipt"];
                };
            };
            /** @description Not JSON, or no UUID */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No token, or an unknown, expired or revoked one */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A token that may not deploy to that environment */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Another body was sent under this identity */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description More than 5 MiB */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Another content type than JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something is missing, unknown or impossible */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The database is away */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    advance_deployment: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The deployment */
                id: components["schemas"]["DeploymentId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EventBody"];
            };
        };
        responses: {
            /** @description It was recorded before */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeploymentReceipt"];
                };
            };
            /** @description It is recorded, and durable */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeploymentReceipt"];
                };
            };
            /** @description Not JSON, or no UUID */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No token, or an unknown, expired or revoked one */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A token that may not deploy to that environment */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The project has no such deployment */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Another state stands under this number, or the deployment has ended */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description More than 5 MiB */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Another content type than JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something is missing, unknown or impossible */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The database is away */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    history: {
        parameters: {
            query?: {
                /** @description The project, where more than one is known and no token says which. */
                project?: components["schemas"]["Name"];
                /** @description The most items, 1 to 200; 50 if not said. */
                limit?: number;
                /** @description The cursor of the page before. */
                after?: string;
            };
            header?: never;
            path: {
                /** @description The environment */
                environment: components["schemas"]["Name"];
                /** @description The service */
                service: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of deployments; the header Link leads to the next */
            200: {
                headers: {
                    /** @description Another one whenever anything changes */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Deployments"];
                };
            };
            /** @description The caller's page is the present one */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Reading is not public, and there is no valid token */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Reading is not public, and the token has not the scope read or is for another project */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nothing was ever deployed there */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A parameter that is unknown or has a wrong value, or no word on which project is meant */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The database is away */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    candidates: {
        parameters: {
            query?: {
                /** @description The project, where more than one is known and no token says which. */
                project?: components["schemas"]["Name"];
                /** @description The most candidates, 1 to 200; 50 if not said. */
                limit?: number;
            };
            header?: never;
            path: {
                /** @description The environment */
                environment: components["schemas"]["Name"];
                /** @description The service */
                service: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The candidates */
            200: {
                headers: {
                    /** @description Another one whenever anything changes */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RollbackCandidates"];
                };
            };
            /** @description The caller's list is the present one */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Reading is not public, and there is no valid token */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Reading is not public, and the token has not the scope read or is for another project */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Nothing was ever deployed there */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A parameter that is unknown or has a wrong value, or no word on which project is meant */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The database is away */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    events: {
        parameters: {
            query?: never;
            header?: {
                /** @description The id of the last event that the caller got */
                "Last-Event-ID"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The events */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            /** @description Reading is not public, and there is no valid token */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Reading is not public, and the token has not the scope read or is for another project */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A parameter that is unknown or has a wrong value, or no word on which project is meant */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The database is away */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    record_evidence: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EvidenceBatch"];
            };
        };
        responses: {
            /** @description A result for each document; what is recorded is durable */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IngestReport"];
                };
            };
            /** @description Not JSON */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No token, or an unknown or expired one */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A token without the scope, or of another project */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description More than 5 MiB */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Another content type than JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description JSON, but not a batch */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The database is away */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    export: {
        parameters: {
            query?: {
                /** @description The project, where more than one is known and no token says which. */
                project?: components["schemas"]["Name"];
                /** @description The `seq` of the last line that the caller has; 0 or nothing for the whole log. */
                after?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The log, each line one of these */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/x-ndjson": {
                        /** @description The document in its canonical form. */
                        evidence: components["schemas"]["Evidence"];
                        /** @description The chain's hash before it; null in lines of before the chain. */
                        prev_hash: string | null;
                        /**
                         * Format: date-time
                         * @description When it was recorded, RFC 3339.
                         */
                        recorded_at: string;
                        /**
                         * Format: int64
                         * @description Its place in the order in which it was recorded. Places of other projects are left out.
                         */
                        seq: number;
                        /** @description The SHA-256 of `evidence` as it stands here. */
                        sha256: string;
                        /** @description What it came by: a delivery's GUID, the claims of a workflow's token as JSON, or what was asked. */
                        source?: string;
                        /** @description Who vouches for it: `oidc`, `token`, `webhook` or `poll`. */
                        trust: string;
                    };
                };
            };
            /** @description Reading is not public, and there is no valid token */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Reading is not public, and the token has not the scope read or is for another project */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A parameter that is unknown or has a wrong value, or no word on which project is meant */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The database is away */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    receive_github_event: {
        parameters: {
            query?: never;
            header: {
                /** @description The event's name */
                "X-GitHub-Event": string;
                /** @description The delivery's GUID */
                "X-GitHub-Delivery": string;
                /** @description `sha256=` and the HMAC-SHA256 of the body under the webhook's secret */
                "X-Hub-Signature-256": string;
            };
            path?: never;
            cookie?: never;
        };
        /** @description The event, as GitHub sends it with the content type application/json */
        requestBody: {
            content: {
                "application/json": unknown;
            };
        };
        responses: {
            /** @description The event is durable */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Receipt"];
                };
            };
            /** @description A header is missing, or the body is not JSON */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No signature, or not one of a live secret */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The same GUID came with another body */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description More than 25 MiB */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Another content type than JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description JSON, but not such an event */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The database is away, too many events wait, or the server knows no secret */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    image: {
        parameters: {
            query?: {
                /** @description The project, where more than one is known and no token says which. */
                project?: components["schemas"]["Name"];
            };
            header?: never;
            path: {
                /** @description The digest, `sha256:…` */
                digest: components["schemas"]["Digest"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The image */
            200: {
                headers: {
                    /** @description Another one whenever anything changes */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ImageFacts"];
                };
            };
            /** @description The caller's picture is the present one */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Reading is not public, and there is no valid token */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Reading is not public, and the token has not the scope read or is for another project */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such image */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A parameter that is unknown or has a wrong value, or no word on which project is meant */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The database is away */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_incidents: {
        parameters: {
            query?: {
                /** @description The project, where more than one is known and no token says which. */
                project?: components["schemas"]["Name"];
                /** @description Breaches of this rule only. */
                rule?: string;
                /** @description Those that last, those that are over, or all. */
                state?: "open" | "resolved" | "all";
                /** @description Those that somebody has seen, or the others, only. */
                acknowledged?: boolean;
                /** @description The most items, 1 to 200; 50 if not said. */
                limit?: number;
                /** @description The cursor of the page before. */
                after?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of incidents; the header Link leads to the next */
            200: {
                headers: {
                    /** @description Another one whenever anything changes */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Incidents"];
                };
            };
            /** @description The caller's page is the present one */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Reading is not public, and there is no valid token */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Reading is not public, and the token has not the scope read or is for another project */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A parameter that is unknown or has a wrong value, or no word on which project is meant */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The database is away */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    incident: {
        parameters: {
            query?: {
                /** @description The project, where more than one is known and no token says which. */
                project?: components["schemas"]["Name"];
            };
            header?: never;
            path: {
                /** @description The incident's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The incident */
            200: {
                headers: {
                    /** @description Another one whenever anything about it changes */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Incident"];
                };
            };
            /** @description The caller's incident is the present one */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Reading is not public, and there is no valid token */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Reading is not public, and the token has not the scope read or is for another project */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such incident */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A parameter that is unknown or has a wrong value, or no word on which project is meant */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The database is away */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    acknowledge_incident: {
        parameters: {
            query?: never;
            header: {
                /** @description The incident's ETag, as the caller has seen it */
                "If-Match": string;
            };
            path: {
                /** @description The incident's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["Acknowledging"] | null;
            };
        };
        responses: {
            /** @description The incident with the acknowledgement */
            200: {
                headers: {
                    /** @description Another one than before */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Incident"];
                };
            };
            /** @description Not JSON */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No token, or an unknown or expired one */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A token without the scope admin */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such incident in the token's project */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The incident is not what the caller has seen */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too large a body */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Another content type than JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A body of another form */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No If-Match */
            428: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The database is away */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_metrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The measures */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Catalogue"];
                };
            };
            /** @description Reading is not public, and there is no valid token */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Reading is not public, and the token has not the scope read or is for another project */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A parameter that is unknown or has a wrong value, or no word on which project is meant */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The database is away */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    metric: {
        parameters: {
            query?: {
                /** @description The project, where more than one is known and no token says which. */
                project?: components["schemas"]["Name"];
                /**
                 * @description Deployments to this environment only; without it, those to production, or where the measure says so to all but
                 *     local and ci.
                 */
                environment?: components["schemas"]["Name"];
                /** @description Where the window begins, RFC 3339; without it, 90 days before its end. */
                from?: string;
                /** @description Where the window ends, RFC 3339; without it, at the present minute. */
                to?: string;
            };
            header?: never;
            path: {
                /** @description The measure's name, such as deploy-duration */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The measure */
            200: {
                headers: {
                    /** @description Another one whenever anything changes, or a minute has passed */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Measure"];
                };
            };
            /** @description The caller's measure is the present one */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Reading is not public, and there is no valid token */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Reading is not public, and the token has not the scope read or is for another project */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such measure */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A parameter that is unknown or has a wrong value, or no word on which project is meant */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The database is away */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    exchange_oidc_token: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Exchange"];
            };
        };
        responses: {
            /** @description A token of ten minutes */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExchangedToken"];
                };
            };
            /** @description Not JSON */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The workflow's token is not believed */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It is believed, and the workflow is not trusted */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It was exchanged before */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description More than 32 KiB */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Another content type than JSON */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description JSON, but not such a request */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server exchanges no tokens */
            501: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The database is away, or the issuer's keys cannot be had */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_tags: {
        parameters: {
            query?: {
                /** @description The project, where more than one is known and no token says which. */
                project?: components["schemas"]["Name"];
                /** @description Tags of this repository only: registry and repository, without tag. */
                repository?: string;
                /** @description This tag only. */
                tag?: components["schemas"]["Tag"];
                /** @description The most items, 1 to 200; 50 if not said. */
                limit?: number;
                /** @description The cursor of the page before. */
                after?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of what tags named; the header Link leads to the next */
            200: {
                headers: {
                    /** @description Another one whenever anything changes */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TagHistory"];
                };
            };
            /** @description The caller's page is the present one */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Reading is not public, and there is no valid token */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Reading is not public, and the token has not the scope read or is for another project */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A parameter that is unknown or has a wrong value, or no word on which project is meant */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The database is away */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    version: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What this server is */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Version"];
                };
            };
        };
    };
}
