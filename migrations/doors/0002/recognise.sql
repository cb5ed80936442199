-- At the gate: the person of this side with this address, who from here to the
-- end of the transaction is the only one the gate can see, and the membership
-- that a sign-in would begin with; see `recognise_user`. Always one row; nulls: nobody.
CREATE FUNCTION door.recognise(p_kind text, p_email_key text) RETURNS TABLE (user_id uuid, membership_id uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $door$
#variable_conflict use_column
BEGIN
    RETURN QUERY SELECT f.user_id, f.membership_id FROM door.recognise_user(
        p_kind,
        (SELECT u.id FROM users u WHERE u.tenant_id = nullif(current_setting('app.tenant', true), '')::uuid
            AND u.kind = p_kind AND u.email_key = p_email_key)) f;
END
$door$;
