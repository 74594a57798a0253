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
    "/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** This document. */
        get: operations["serve"];
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
        /** Whether requests can be served: the database can be reached and its schema is at head. */
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
        post: operations["post"];
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
        /** What this server is. */
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
            /** @description The rows, by project and name. */
            services: components["schemas"]["Service"][];
            /**
             * Format: int64
             * @description Grows whenever anything on the board changes; also in the `ETag`.
             */
            version: number;
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
            /** @description How it came there. */
            kind: components["schemas"]["CellKind"];
            last_attempt: components["schemas"]["Attempt"] | null;
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
            /** @description The commit it was built from. */
            commit: components["schemas"]["CommitSha"];
            /** @description The digest of its manifest or index. */
            digest: components["schemas"]["Digest"];
            /** @enum {string} */
            kind: "image_built";
            /** @description Its platforms, such as `linux/amd64`. */
            platforms: string[];
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
            /** @description The commit that the image was built from. */
            commit: components["schemas"]["CommitSha"];
            digest?: components["schemas"]["Digest"] | null;
            /** @description The environment. */
            environment: components["schemas"]["Name"];
            /** @enum {string} */
            kind: "deployed";
            /** @description Whether it runs now. */
            outcome: components["schemas"]["Outcome"];
            /** @description The service. */
            service: components["schemas"]["Name"];
            /** @description The version that people call it by. */
            version: string;
        } | {
            /** @description Who or what asked for it, at most 100 characters. */
            actor: string;
            /** @description The commit that runs again. */
            commit: components["schemas"]["CommitSha"];
            digest?: components["schemas"]["Digest"] | null;
            /** @description The environment. */
            environment: components["schemas"]["Name"];
            /** @enum {string} */
            kind: "rolled_back";
            /** @description The service. */
            service: components["schemas"]["Name"];
            /** @description The version that runs again. */
            version: string;
        };
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
        };
        /** @description A git commit: the full 40 lower-case hexadecimal digits, never a prefix. */
        CommitSha: string;
        /**
         * @description The digest of a manifest or blob: `sha256:` and 64 lower-case hexadecimal digits.
         *
         *     Source: OCI image specification, `descriptor.md`, "Digests". Only SHA-256 is accepted: it is the
         *     one algorithm every registry must support.
         */
        Digest: string;
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
        /** @description One wrong place in a request's body. */
        FieldError: {
            /** @description What was expected there. */
            detail: string;
            /**
             * @description A JSON pointer (RFC 6901) into the body.
             * @example /evidence/0/claim/outcome
             */
            pointer: string;
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
        /** @description What became of each document of a batch, in the batch's order. */
        IngestReport: {
            /** @description One result per document. */
            results: components["schemas"]["ItemResult"][];
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
        /**
         * @description The name of a project, a service or an environment: `[a-z0-9][a-z0-9-]{0,62}`.
         *
         *     That is a DNS label (RFC 1123), so that a name can stand in a URL, a host name or a metric.
         */
        Name: string;
        /**
         * @description How a run ended. There is no default: an unknown outcome is said, never guessed.
         * @enum {string}
         */
        Outcome: "success" | "failure" | "cancelled" | "skipped" | "unknown";
        /** @description What went wrong, for programs (`type`) and for people (`detail`). */
        Problem: {
            /** @description What is wrong this time, and what to do about it. */
            detail: string;
            /** @description Each wrong place in the request's body. */
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
        /** @description A range of schema versions. */
        SchemaRange: {
            /**
             * Format: int64
             * @description The one that its migrations lead to.
             */
            max: number;
            /**
             * Format: int64
             * @description The oldest.
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
        /**
         * @description An image tag: `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`.
         *
         *     Source: OCI distribution specification, "Pulling manifests".
         */
        Tag: string;
        /** @description What this server is. */
        Version: {
            commit: components["schemas"]["CommitSha"] | null;
            image_digest: components["schemas"]["Digest"] | null;
            /**
             * @description Always `portbook`.
             * @example portbook
             */
            name: string;
            /** @description The schemas that it can run on. */
            schema: components["schemas"]["SchemaRange"];
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
    serve: {
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
                    /** @description `"board-<version>"` */
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
            /** @description The board is not public, and there is no valid token */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The board is not public, and the token has not the scope read */
            403: {
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
    post: {
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
